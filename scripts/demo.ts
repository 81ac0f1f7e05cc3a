/** `npm run demo`: the main job, watchable. `--arn <arn>` does it on a real AWS account, `--keep` leaves the Temporal server up. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { ReplicationClient, type OperationHandle } from '../src/client/index.js';
import { startDmsSimulator, type DmsSimulator } from '../src/simulator/index.js';
import { startServer } from './temporal-server.js';

const { values } = parseArgs({ options: { arn: { type: 'string' }, keep: { type: 'boolean', default: false } } });
const SPEED = 6;
const workers = new Set<ChildProcess>();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function startWorker(env: NodeJS.ProcessEnv): ChildProcess {
  const worker = spawn(process.execPath, ['--no-warnings', 'dist/worker.js'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
  say(`  worker ${worker.pid} started`);
  return worker;
}

/** Shows the progress of an operation until it has its result. */
async function follow<Result>(
  handle: OperationHandle<Result>,
  watch: (line: string) => void = () => {},
): Promise<Result> {
  const over = new AbortController();
  let last = '';
  const result = handle.result().finally(() => over.abort());
  const show = async () => {
    while (!over.signal.aborted) {
      const { phase, lastStatus } = await handle
        .progress()
        .catch(() => ({ phase: 'between workers', lastStatus: null }));
      const line = `${phase}${lastStatus === null ? '' : `: ${lastStatus}`}`;
      if (line !== last) say(`  ${new Date().toISOString().slice(11, 19)}  ${line}`);
      last = line;
      watch(line);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const [answer] = await Promise.all([result, show()]);
  return answer;
}

async function confirmRealRun(arn: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    `This stops and resumes ${arn} on your AWS account. Type its last part to go on: `,
  );
  terminal.close();
  if (answer.trim() !== arn.split(':').at(-1)) throw new Error('Not confirmed; nothing was called');
}

async function main(simulator: DmsSimulator | null): Promise<void> {
  const replicationConfigArn =
    values.arn ?? simulator?.createReplication({ identifier: 'orders-to-aurora', tables: 12 }) ?? '';
  const server = await startServer({ ui: true });
  const connection = await Connection.connect(server.connection);
  try {
    const { namespace } = server;
    const taskQueue = process.env['TEMPORAL_TASK_QUEUE'];
    const dms = new ReplicationClient({ client: new Client({ connection, namespace }), taskQueue });
    const env: NodeJS.ProcessEnv = {
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_DMS_HOLD_SECONDS: '5',
      ...(simulator && {
        AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
        AWS_ACCESS_KEY_ID: 'simulated',
        AWS_SECRET_ACCESS_KEY: 'simulated',
      }),
    };
    say(`\nTemporal listens at ${server.address}`);
    if (server.webUi !== null) {
      say(
        `Watch it in the Web UI while this runs: ${server.webUi}/namespaces/${namespace}/workflows (--keep leaves it up)`,
      );
    }
    if (simulator) say(`The simulated DMS is ${SPEED} times as fast as the real one, so its times run ahead of yours.`);
    const worker = startWorker(env);

    say(`\n1. Stop ${replicationConfigArn}`);
    if (simulator) {
      const { SourceEndpointArn: source, TargetEndpointArn: target } = simulator.row(replicationConfigArn);
      say(`   from ${source}\n   to   ${target}\n`);
    }
    const stop = await dms.startStop({
      replicationConfigArn,
      requestedBy: 'demo',
      reason: 'to show how',
      selfRestartGraceSeconds: 0,
    });
    const stopped = await follow(stop, (line) => {
      if (!line.startsWith('stopping') || worker.killed) return;
      say('  … and now the worker is killed in the middle of the wait');
      worker.kill('SIGKILL');
      startWorker(env);
    });
    const { checkpoint, tables } = stopped;
    say(`\n   ${stopped.outcome}, recorded as checkpoint ${checkpoint.sequence}`);
    say(`   stop reason         ${checkpoint.stopReason}`);
    say(`   stopped at          ${checkpoint.stoppedAt}`);
    say(`   recovery checkpoint ${checkpoint.recoveryCheckpoint}`);
    say(`   resume by           ${checkpoint.resumeBy} (${checkpoint.resumeBySource})`);
    say(`   tables              ${tables?.total ?? 0}, ${JSON.stringify(tables?.byState ?? {})}`);
    for (const { code, message } of stopped.warnings) say(`   warning             ${code}: ${message}`);

    say('\n2. Resume it');
    const resumed = await follow(
      await dms.startResume({ replicationConfigArn, requestedBy: 'demo', verifyProgressSeconds: 12 }),
    );
    say(`\n   ${resumed.outcome} with ${resumed.startReplicationType}; progress: ${resumed.progress}`);

    say('\n3. The ledger');
    for (const operation of (await dms.ledger(replicationConfigArn)).operations) {
      say(`   ${operation.startedAt}  ${operation.kind.padEnd(6)} ${operation.outcome} by ${operation.requestedBy}`);
    }
    if (simulator)
      say(
        `\n   StopReplication was called ${simulator.count('StopReplication')} time(s), StartReplication ${simulator.count('StartReplication')}.`,
      );
    if (values.keep) say(`\nThe Web UI stays at ${server.webUi ?? server.address}; Ctrl-C ends it.`);
    if (values.keep) await once(process, 'SIGINT');
  } finally {
    await Promise.all([...workers].map((each) => (each.kill('SIGTERM'), once(each, 'exit'))));
    await connection.close();
    await server.teardown();
  }
}

if (values.arn !== undefined) await confirmRealRun(values.arn);
const simulator = values.arn === undefined ? await startDmsSimulator({ speed: SPEED }) : null;
try {
  await main(simulator);
} finally {
  await simulator?.close();
}
