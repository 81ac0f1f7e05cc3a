/** Measures a fleet of a thousand while much goes wrong at once. Only the operations in trouble may fail. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isGrpcDeadlineError } from '@temporalio/client';
import { ReplicationClient, type FleetHandle } from '../src/client/index.js';
import { workerProgram } from './paths.js';
import { say, type Report } from './report.js';
import { onStage, timesCalled } from './stage.js';
import { startTroubledDms } from './troubled-dms.js';

const REPLICATIONS = 1000;
const CONCURRENCY = 200;
const THROTTLED_SECONDS = 300;
const LOST_PAGE = 4;
const jumpingClock = ['--import', fileURLToPath(new URL('../test/support/jumping-clock.mjs', import.meta.url))];

const unknown = 'arn:aws:dms:eu-west-1:123456789012:replication-config:UNKNOWN';
const down = 'arn:aws:dms:eu-north-1:123456789012:replication-config:DOWN';

/** True if all operations but the one in the region that is down have ended. False while no worker answers. */
async function areDone(fleet: FleetHandle): Promise<boolean> {
  try {
    const { results } = await fleet.progress();
    return Object.keys(results).length === REPLICATIONS + 1;
  } catch (err) {
    if (isGrpcDeadlineError(err)) return false;
    throw err;
  }
}

export async function measureTrouble({ promised }: Report): Promise<void> {
  await onStage({}, async ({ simulator, client, start }) => {
    const durations = { stopping: 5, describingStop: 0, flushingCheckpoint: 0 };
    const arns = Array.from({ length: REPLICATIONS }, () => simulator.createReplication({ durations }));
    const denied = arns[500] ?? '';
    simulator.fault({ operation: '*', replicationConfigArn: denied, type: 'access-denied', times: 1e9 });
    await using dms = await startTroubledDms(
      simulator.endpoint,
      'eu-north-1',
      (marker) => Number(Buffer.from(marker, 'base64url').toString()) === (LOST_PAGE - 1) * 100 - 1,
    );
    const env = {
      AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: dms.endpoint,
      TEMPORAL_DMS_LOOKS_PER_SECOND: '80',
    };
    const fleets = new ReplicationClient({ client, taskQueue: 'bench' });
    const began = Date.now();
    const worker = start([...jumpingClock, workerProgram], 'bench', env);
    const fleet = await fleets.startStopFleet({
      replicationConfigArns: [unknown, down, ...arns, ...arns.slice(0, 10)],
      concurrency: CONCURRENCY,
      selfRestartGraceSeconds: 0,
    });
    while (simulator.count('StopReplication') < REPLICATIONS / 4) await delay(200);
    simulator.fault({ operation: '*', type: 'throttle', times: 1e9, forSeconds: THROTTLED_SECONDS });
    while (simulator.calls.filter(({ outcome }) => outcome === 'ThrottlingException').length < 100) await delay(200);
    worker.kill('SIGKILL');
    start([...jumpingClock, workerProgram], 'bench', env);
    while (!(await areDone(fleet))) await delay(1000);
    await client.workflow.getHandle(`dms:${down}`).cancel();
    const { results, outcomes, duplicates, left } = await fleet.result();

    const kept = (what: string, isKept: boolean) => say(`- ${promised('a fleet in trouble', what, isKept)}`);
    say(
      `A fleet of ${REPLICATIONS}, ${CONCURRENCY} at once, of which one ARN is unknown, one is denied, one region is down and page ${LOST_PAGE} of the list ` +
        `always fails; all is throttled for ${THROTTLED_SECONDS / 60} minutes, the worker is killed meanwhile, and its wall clock jumps by hours:`,
    );
    say();
    const failureOf = (arn: string) => (results[arn] as { failureType?: string }).failureType ?? 'none';
    kept(`the unknown one: ${failureOf(unknown)}`, failureOf(unknown) === 'DmsReplicationNotFound');
    kept(`the denied one: ${failureOf(denied)}`, failureOf(denied) === 'DmsAccessDenied');
    kept(`the region that is down, once it is given up: ${failureOf(down)}`, failureOf(down) === 'CancelledFailure');
    const good = arns.filter((arn) => arn !== denied);
    kept(
      `${good.length} others are stopped: ${JSON.stringify(outcomes)}`,
      outcomes['stopped'] === good.length && left.length === 0 && duplicates === 10,
    );
    kept('none is stopped twice', timesCalled(simulator, good, 'StopReplication'));
    say(`- took ${((Date.now() - began) / 1000).toFixed(0)} s`);
  });
}
