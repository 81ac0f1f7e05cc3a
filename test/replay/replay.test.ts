import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { readRequest, schemas } from '../../src/contract/ledger-schemas.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { Application, cutoverInput } from '../support/cutover.js';
import { Stage, until, workflowBundle } from '../support/stage.js';

const folder = new URL('histories/', import.meta.url);
const names = await readdir(folder);
const files = names.filter((name) => name.endsWith('.json'));
const read = async (name: string) => JSON.parse(await readFile(new URL(name, folder), 'utf8')) as { events: any[] };

/** Returns the workflow id, which a history lacks. An operation under any other id would run as a child. */
const workflowIdOf = (name: string) => {
  if (name.includes('cutover')) return 'dms-cutover:RECORDED';
  return name.includes('fleet')
    ? 'dms-fleet:stop:RECORDED'
    : `${name.includes('ledger') ? 'dms-ledger' : 'dms'}:arn:aws:dms:eu-west-1:123456789012:replication-config:RECORDED`;
};

/** RECORD_HISTORIES=<version> records the histories of that version. Set it once for each new release. */
test.runIf(process.env['RECORD_HISTORIES'])(
  'the histories of a stop, a resume, a fleet, a cutover and a ledger are recorded',
  async () => {
    await using stage = await Stage.set();
    const arn = stage.simulator.createReplication({ identifier: 'RECORDED', resourceIdentifier: 'RECORDED' });
    const application = new Application();
    application.meddle['switchToTarget'] = async () => undefined;
    await stage.work({ foreign: application.activities });
    await mkdir(folder, { recursive: true });
    const keep = async (name: string, workflowId: string, runId?: string) => {
      const history = await stage.client.workflow.getHandle(workflowId, runId).fetchHistory();
      // Stack traces show paths of the machine that recorded, and a replay does not need them.
      const json = historyToJSON(history).replaceAll(/"stackTrace": ?"(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
      await writeFile(new URL(`${process.env['RECORD_HISTORIES']}-${name}.json`, folder), json);
    };
    const stop = await stage.dms.startStop({
      replicationConfigArn: arn,
      intent: 'final',
      requestedBy: 'ada',
      reason: 'recorded',
      settleSeconds: 0,
    });
    await stop.result();
    await keep('stop', stop.workflowId, stop.runId);
    await stage.dms.unseal(arn, { by: 'ada', reason: 'recorded' });
    const resume = await stage.dms.startResume({ replicationConfigArn: arn, verifyProgressSeconds: 0 });
    await resume.result();
    await keep('resume', resume.workflowId, resume.runId);
    const replicationConfigArns = [arn.replace('RECORDED', 'UNKNOWN'), arn];
    const fleet = await stage.dms.startStopFleet({ fleetId: 'RECORDED', replicationConfigArns, concurrency: 1 });
    await until('it is stopping', () => stage.simulator.row(arn).Status === 'stopping');
    await stage.dms.nudge(arn);
    await fleet.result();
    await keep('nudged-stop', `dms:${arn}`);
    await keep('fleet', fleet.workflowId);
    const cutoverId = 'RECORDED';
    const input = cutoverInput([stage.simulator.createReplication({ status: 'running' })], { cutoverId, approval: {} });
    const cutover = await stage.dms.startCutover(input);
    await until('it is ready', async () => (await cutover.status()).ready);
    await cutover.approve({ by: 'ada', reason: 'recorded', confirm: cutoverId });
    expect(await cutover.result()).toMatchObject({ outcome: 'returned' });
    await keep('cutover', cutover.workflowId);
    await keep('ledger', `dms-ledger:${arn}`);
    await writeFile(
      new URL(`${process.env['RECORD_HISTORIES']}-ledger.state`, folder),
      JSON.stringify(await stage.dms.ledger(arn)),
    );
  },
);

describe('the current workflows', () => {
  test.each(files)('replay %s', async (name) => {
    await Worker.runReplayHistory(
      { workflowBundle: await workflowBundle() },
      historyFromJSON(await read(name)),
      workflowIdOf(name),
    );
  });

  test('do not replay a history with a different activity', async () => {
    const mutated = await read(files.find((name) => name.endsWith('-stop.json')) ?? '');
    const scheduled = mutated.events.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'dms.requestStop',
    );
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'dms.requestStart';
    const replay = Worker.runReplayHistory(
      { workflowBundle: await workflowBundle() },
      historyFromJSON(mutated),
      workflowIdOf('stop'),
    );
    await expect(replay).rejects.toThrow('dms.requestStart');
  });

  test('replay every history with traces, although it was recorded without them', async () => {
    const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const { code } = await bundleWorkflowCode({
      workflowsPath: pathOf('../support/hosts.ts'),
      workflowInterceptorModules: [pathOf('../../src/worker/traced-workflows.ts')],
      logger: new DefaultLogger('ERROR'),
    });
    for (const name of files)
      await Worker.runReplayHistory(
        { workflowBundle: { code } },
        historyFromJSON(await read(name)),
        workflowIdOf(name),
      );
  });

  test('reach the state of the recorded ledger', async () => {
    const ledgers = files.filter((each) => each.endsWith('-ledger.json'));
    expect(ledgers).not.toEqual([]);
    for (const name of ledgers) {
      const { events } = await read(name);
      const recorded = JSON.parse(await readFile(new URL(name.replace('.json', '.state'), folder), 'utf8')) as Ledger;
      // Fields that came later have their defaults.
      const expected = readRequest(recorded.replicationConfigArn, 'recorded state', schemas.state, recorded);
      expect(await stateAfter(events)).toEqual(expected);
    }
  });
});

/** Runs the recorded updates through today's transitions, at their recorded times. */
async function stateAfter(events: any[]): Promise<unknown> {
  const { begin } = await import('../../src/ledger/begin.js');
  const { emptyLedger } = await import('../../src/ledger/entries.js');
  const { unseal } = await import('../../src/ledger/seal.js');
  const { record } = await import('../../src/ledger/record.js');
  const decode = (payload: { data: string }) => JSON.parse(Buffer.from(payload.data, 'base64').toString());
  const { replicationConfigArn } = decode(events[0].workflowExecutionStartedEventAttributes.input.payloads[0]);
  let ledger = emptyLedger(replicationConfigArn);
  let now = '';
  for (const event of events) {
    // A workflow's time is that of the start of its task.
    if (event.workflowTaskStartedEventAttributes) now = new Date(event.eventTime).toISOString();
    const input = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input;
    if (input === undefined) continue;
    const request = decode(input.args.payloads[0]);
    const transitions: Record<string, () => typeof ledger> = {
      'dms.begin': () => begin(ledger, request, now).ledger,
      'dms.record': () => record(ledger, request, now).ledger,
      'dms.unseal': () => unseal(ledger, request, now).ledger,
    };
    const transition = transitions[input.name];
    if (transition === undefined) throw new Error(`This test does not know the update ${input.name}`);
    ledger = transition();
  }
  return ledger;
}
