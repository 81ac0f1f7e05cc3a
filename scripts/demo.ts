/**
 * `npm run demo`: stops and resumes a replication, and shows each step.
 *
 * `--arn <arn>` uses a real AWS account. `--keep` leaves the Temporal server up. `--build` builds the worker first.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { ReplicationClient, type OperationHandle } from '../src/client/index.js';
import { startDmsSimulator, type DmsSimulator } from '../src/simulator/index.js';
import { startServer } from './temporal-server.js';
import { endTicking, paint, say, whileTicking } from './terminal.js';

const { values } = parseArgs({
  options: {
    arn: { type: 'string' },
    keep: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
  },
});
const SPEED = 6;
const LOOK_MS = 250;
/** Longest time from Ctrl-C to the end of the process. */
const INTERRUPT_MS = 2500;
/** Exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

const workers = new Set<ChildProcess>();
/** Clean-up steps. The last one added runs first. */
const cleanUps: (() => Promise<unknown>)[] = [];
const interrupt = new AbortController();
/** True once the demo is over and `--keep` leaves the Web UI up, until Ctrl-C. */
let isKept = false;

function startWorker(env: NodeJS.ProcessEnv): ChildProcess {
  const worker = spawn(process.execPath, ['--no-warnings', 'dist/worker.js'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  worker.stderr.on(
    'data',
    (chunk: Buffer) => interrupt.signal.aborted || say(paint('red', chunk.toString().trimEnd())),
  );
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
  say(`  worker ${worker.pid} started`);
  return worker;
}

/** Shows the progress of an operation until it has its result. */
async function follow<Result>(
  handle: OperationHandle<Result>,
  onProgress: (line: string) => void = () => {},
): Promise<Result> {
  const over = new AbortController();
  let last = 'waiting for the worker';
  const result = handle.result().finally(() => over.abort());
  const show = async () => {
    while (!over.signal.aborted) {
      const progress = await handle.progress().catch(() => null);
      // No worker answers for a moment after one is killed. The ticking line goes on.
      const line = progress === null ? last : describe(progress);
      if (line !== last && !interrupt.signal.aborted) say(`  ${paint('dim', clock())}  ${line}`);
      last = line;
      onProgress(line);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const [answer] = await whileTicking(() => last, Promise.all([result, show()]));
  return answer;
}

function describe({ phase, lastStatus }: { readonly phase: string; readonly lastStatus: string | null }): string {
  return lastStatus === null ? phase : `${phase}: DMS shows "${lastStatus}"`;
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}

function title(text: string): void {
  say(`\n${paint('bold', text)}`);
}

function fact(name: string, text: string): void {
  say(`  ${paint('dim', name.padEnd(20))} ${text}`);
}

async function confirmRealRun(arn: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const question = `This stops and resumes ${arn} on your AWS account. Type its last part to go on: `;
  // Ctrl-D ends the input without an answer.
  const answer = await Promise.race([terminal.question(question), once(terminal, 'close').then(() => '')]);
  terminal.close();
  if (answer.trim() !== arn.split(':').at(-1)) throw new Error('Not confirmed; nothing was called');
}

/** Builds the package, because the worker runs from `dist/`. */
async function build(): Promise<void> {
  const building = spawn('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await whileTicking(() => 'building the package', once(building, 'exit'))) as [number | null];
  if (code !== 0 && !interrupt.signal.aborted) throw new Error('The package could not be built');
}

async function main(): Promise<void> {
  if (values.build) await build();
  if (values.arn !== undefined) await confirmRealRun(values.arn);
  const simulator = values.arn === undefined ? await startDmsSimulator({ speed: SPEED }) : null;
  if (simulator !== null) cleanUps.push(() => simulator.close());
  const replicationConfigArn =
    values.arn ?? simulator?.createReplication({ identifier: 'orders-to-aurora', tables: 12 }) ?? '';

  const starting = startServer({ ui: true, extraArgs: ['--output', 'none'] });
  cleanUps.push(() =>
    starting.then(
      (each) => each.teardown(),
      () => {},
    ),
  );
  const server = await whileTicking(() => 'starting a Temporal server', starting);
  const connection = await Connection.connect(server.connection);
  cleanUps.push(() => connection.close());
  cleanUps.push(endWorkers);
  const { namespace } = server;
  fact('Temporal', `listens at ${server.address}`);
  if (server.webUi !== null)
    fact('Web UI', `${paint('underline', `${server.webUi}/namespaces/${namespace}/workflows`)} (--keep leaves it up)`);
  if (simulator !== null) fact('DMS', `simulated, ${SPEED} times as fast as AWS, so its times run ahead of yours`);

  const taskQueue = process.env['TEMPORAL_TASK_QUEUE'];
  const dms = new ReplicationClient({ client: new Client({ connection, namespace }), taskQueue });
  await run(dms, simulator, replicationConfigArn, {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_DMS_HOLD_SECONDS: '2',
    ...(simulator && {
      AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
    }),
  });
  if (!values.keep) return;
  say(`\nThe Web UI stays at ${server.webUi ?? server.address}. Ctrl-C ends it.`);
  isKept = true;
  await once(interrupt.signal, 'abort');
}

async function run(
  dms: ReplicationClient,
  simulator: DmsSimulator | null,
  replicationConfigArn: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  title(`1. Stop ${replicationConfigArn}`);
  if (simulator !== null) {
    const { SourceEndpointArn: source, TargetEndpointArn: target } = simulator.row(replicationConfigArn);
    fact('from', source);
    fact('to', target);
  }
  const worker = startWorker(env);
  const who = { requestedBy: 'demo', reason: 'to show how' };
  const stop = await dms.startStop({ replicationConfigArn, ...who, selfRestartGraceSeconds: 0 });
  const { outcome, checkpoint, tables, warnings } = await follow(stop, (line) => {
    if (!line.startsWith('stopping: ') || worker.killed) return;
    worker.kill('SIGKILL');
    say(paint('yellow', `  worker ${worker.pid} is killed in the middle of the wait. Temporal notices within 20 s`));
    startWorker(env);
  });
  say(paint('green', `  ${outcome}, recorded as checkpoint ${checkpoint.sequence}`));
  fact('stop reason', checkpoint.stopReason ?? '');
  fact('stopped at', checkpoint.stoppedAt ?? '');
  fact('recovery checkpoint', checkpoint.recoveryCheckpoint ?? '');
  fact('resume by', `${checkpoint.resumeBy} (${checkpoint.resumeBySource})`);
  fact('tables', `${tables?.total ?? 0}, ${JSON.stringify(tables?.byState ?? {})}`);
  for (const { code, message } of warnings) fact('warning', `${code}: ${message}`);

  title('2. Resume it');
  const resume = await dms.startResume({ replicationConfigArn, ...who, verifyProgressSeconds: 12 });
  const resumed = await follow(resume);
  say(paint('green', `  ${resumed.outcome} with ${resumed.startReplicationType}; progress: ${resumed.progress}`));

  title('3. The ledger');
  for (const { startedAt, kind, outcome: how, requestedBy } of (await dms.ledger(replicationConfigArn)).operations)
    say(`  ${startedAt}  ${kind.padEnd(6)} ${how} by ${requestedBy}`);
  if (simulator === null) return;
  const [stops, starts] = [simulator.count('StopReplication'), simulator.count('StartReplication')];
  say(`\n  StopReplication was called ${stops} time(s), StartReplication ${starts}.`);
}

/** Lets the workers drain, or kills them after Ctrl-C. */
async function endWorkers(): Promise<void> {
  const signal = interrupt.signal.aborted ? 'SIGKILL' : 'SIGTERM';
  await Promise.all([...workers].map((each) => (each.kill(signal), once(each, 'exit'))));
}

async function leaveNothing(): Promise<void> {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
}

process.on('SIGINT', () => {
  if (interrupt.signal.aborted) return;
  interrupt.abort();
  endTicking();
  say(isKept ? '' : '\nInterrupted.');
  if (values.arn !== undefined) say('DMS goes on with a stop or a start that it has accepted.');
  const patience = new Promise((resolve) => setTimeout(resolve, INTERRUPT_MS));
  void Promise.race([leaveNothing(), patience])
    .catch((err: unknown) => say(String(err)))
    .finally(() => process.exit(isKept ? 0 : INTERRUPTED));
});

try {
  await main();
  await leaveNothing();
} catch (err) {
  // Failures after Ctrl-C are expected, and its handler ends the process.
  if (!interrupt.signal.aborted) {
    await leaveNothing();
    say(paint('red', err instanceof Error ? err.message : String(err)));
    process.exitCode = 1;
  }
}
