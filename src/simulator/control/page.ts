import type { Reply } from '../api/http.js';

/** Page that shows each replication live. The script inserts all values as text, never as HTML. */
const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>DMS simulator</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.3rem; margin: 0 0 .2rem; }
  p { color: #57606a; margin: 0 0 1rem; }
  table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
  th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top; }
  th { font-weight: 600; color: #57606a; }
  code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
  td:first-child:not(:has(code)), .calls td:last-child { white-space: nowrap; }
  .last { margin: 0; padding: 0; list-style: none; white-space: nowrap; }
  .status { border-radius: 1em; padding: .1em .7em; background: #ddf4ff; white-space: nowrap; }
  button { font: inherit; padding: 0 .5em; margin: 0 .3em .2em 0; }
  .running { background: #dafbe1; } .failed { background: #ffebe9; } .stopped, .created { background: #eaeef2; }
  @media (max-width: 700px) {
    body { margin: .8rem; }
    thead { display: none; }
    tr, td { display: block; border: 0; padding: .1rem 0; overflow-wrap: anywhere; }
    tr { border-bottom: 1px solid #d8dee4; padding: .5rem 0; }
    td:empty { display: none; }
    .calls td:last-child, .last { white-space: normal; }
  }
</style>
<h1>A local DMS Serverless</h1>
<p>Simulated time: <span id="now">…</span> <span id="clock"></span></p>
<p id="error" role="alert"></p>
<table><thead><tr><th>Replication<th>Status<th>Capacity<th>Checkpoint<th>Lag<th>Can be resumed until<th>Its last calls<th>Actions</tr></thead><tbody id="replications"></tbody></table>
<p>Faults: <span id="faults">…</span></p>
<table class="calls"><thead><tr><th>Time<th>Operation<th>Input<th>Outcome</tr></thead><tbody id="calls"></tbody></table>
<script>
  const cell = (row, text, wrap) => {
    const td = row.insertCell();
    const target = wrap ? td.appendChild(document.createElement(wrap)) : td;
    target.textContent = text ?? '';
    return target;
  };
  const time = (seconds) => (seconds === undefined ? '' : new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 19));
  const get = async (path) => (await fetch('/_simulator/' + path)).json();
  /** Sends a control request, and shows what the simulator refuses. */
  const send = async (path, body) => {
    const answer = await fetch('/_simulator/' + path, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    document.getElementById('error').textContent = answer.ok ? '' : (await answer.json()).error;
    await refresh();
  };
  const button = (parent, text, act) => {
    const made = parent.appendChild(document.createElement('button'));
    made.textContent = text;
    made.onclick = act;
  };
  for (const [text, span] of [['+ 1 minute', { minutes: 1 }], ['+ 1 hour', { hours: 1 }], ['+ 1 day', { days: 1 }]])
    button(document.getElementById('clock'), text, () => send('clock', span));
  /** The replications that a request names. */
  const namedBy = ({ ReplicationConfigArn: arn, Filters: filters = [] }) =>
    arn === undefined ? [filters].flat().flatMap((filter) => filter?.Values ?? []) : [arn];
  async function refresh() {
    const [{ now, replications, faults }, { calls }] = await Promise.all([get('state'), get('calls?limit=1000')]);
    calls.reverse();
    const lastOf = new Map();
    for (const call of calls) {
      for (const arn of namedBy(call.input)) lastOf.set(arn, [...(lastOf.get(arn) ?? []), call].slice(0, 3));
    }
    document.getElementById('now').textContent = now.replace('T', ' ').slice(0, 19);
    document.getElementById('faults').textContent = faults.length === 0 ? 'none' : faults.map((fault) => JSON.stringify(fault)).join(' ');
    const body = document.getElementById('replications');
    body.replaceChildren();
    for (const { row, lagSeconds } of replications.slice(0, 500)) {
      const line = body.insertRow();
      const arn = Object.assign(document.createElement('code'), { textContent: row.ReplicationConfigArn });
      cell(line, row.ReplicationConfigIdentifier, 'strong').after(document.createElement('br'), arn);
      cell(line, row.Status, 'span').className = 'status ' + row.Status;
      cell(line, row.ProvisionData.ProvisionState);
      cell(line, row.RecoveryCheckpoint, 'code');
      cell(line, lagSeconds === null ? '' : lagSeconds + ' s');
      cell(line, row.Status === 'running' ? '' : time(row.ReplicationDeprovisionTime));
      const list = cell(line, '', 'ul');
      list.className = 'last';
      for (const call of lastOf.get(row.ReplicationConfigArn) ?? []) {
        list.appendChild(document.createElement('li')).textContent =
          time(call.time / 1000).slice(11) + ' ' + call.operation + ': ' + call.outcome;
      }
      const actions = cell(line, '', 'span');
      for (const action of ['stop', 'start', 'fail'])
        button(actions, action, () => send('act', { action, replicationConfigArn: row.ReplicationConfigArn }));
    }
    const log = document.getElementById('calls');
    log.replaceChildren();
    for (const call of calls.slice(0, 20)) {
      const line = log.insertRow();
      cell(line, time(call.time / 1000));
      cell(line, call.operation);
      cell(line, JSON.stringify(call.input).slice(0, 200), 'code');
      cell(line, call.outcome);
    }
  }
  async function show() {
    try {
      // A click ends on the button on which it began.
      if (document.querySelector('button:active') === null) await refresh();
    } finally {
      setTimeout(show, 1000);
    }
  }
  show();
</script>
</html>
`;

export const page: Reply = { status: 200, type: 'text/html; charset=utf-8', body: html };
