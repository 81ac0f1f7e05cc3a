/** Creates replications in a given state. Plays each of them from its creation up to that state. */
import type { Config, PlacedStatus } from './model.js';
import type { Uncertain } from './uncertain.js';
import { startSteps, type Durations, type StartStep } from './steps.js';
import type { SimulatedReplication } from './replication.js';

const HOUR = 3600;
/** Seconds for which a replication that is created as `running` has replicated changes. */
const RUNNING_SECONDS = 6 * HOUR;

/** History that leads to a state: seconds since the start and since the stop, and the action to take now. */
interface PlacedHistory {
  readonly started: number;
  readonly stopped?: number;
  readonly now?: (replication: SimulatedReplication) => void;
}

/** Returns a replication that is in a state now. `create` makes a replication with the given creation time. */
export function replicationIn(
  status: PlacedStatus,
  now: number,
  { ReplicationType: type }: Config,
  durations: Durations,
  uncertain: Uncertain,
  create: (born: number) => SimulatedReplication,
): SimulatedReplication {
  if (status === 'created') return create(now);
  const life = historyTo(status, type === 'full-load', durations, uncertain);
  const replication = create(now - life.started);
  replication.start({ type: 'start-replication' });
  if (life.stopped !== undefined) {
    replication.advance(now - life.stopped);
    replication.stop();
  }
  replication.advance(now);
  life.now?.(replication);
  return replication;
}

function historyTo(
  status: Exclude<PlacedStatus, 'created'>,
  isFullLoad: boolean,
  durations: Durations,
  { deleteNeedsDeprovisioned }: Uncertain,
): PlacedHistory {
  const { fullLoad, stopping, describingStop, flushingCheckpoint, idleAfterFullLoad, deprovisioning } = durations;
  const starting = secondsOf(startSteps, durations);
  // A `full-load` replication stops once its load is done, so a running one has just begun.
  const running = { started: isFullLoad ? starting : starting + fullLoad + RUNNING_SECONDS };
  /** Returns the history of a replication that is `stopped` for some seconds, by request or because its load ended. */
  const stoppedFor = (seconds: number): PlacedHistory =>
    isFullLoad
      ? { started: starting + fullLoad + seconds }
      : { started: running.started + stopping + seconds, stopped: stopping + seconds };
  const stopped = stoppedFor(Math.max(describingStop, flushingCheckpoint));
  const idle = isFullLoad ? idleAfterFullLoad : 48 * HOUR;
  switch (status) {
    case 'running':
      return running;
    case 'stopping':
      return { ...running, now: (replication) => replication.stop() };
    case 'failed':
      return { ...running, now: (replication) => replication.fail(['Simulated failure']) };
    case 'stopped':
      return stopped;
    case 'modifying':
      return { ...stopped, now: (replication) => replication.modify() };
    case 'deprovisioning':
      return stoppedFor(idle);
    case 'deprovisioned':
      return stoppedFor(idle + deprovisioning);
    case 'deleting': {
      const deletable = deleteNeedsDeprovisioned ? stoppedFor(idle + deprovisioning) : stopped;
      return { ...deletable, now: (replication) => replication.delete() };
    }
    default:
      return { started: secondsOf(startSteps.slice(0, startSteps.indexOf(status)), durations) };
  }
}

function secondsOf(steps: readonly StartStep[], durations: Durations): number {
  return steps.reduce((sum, step) => sum + durations[step], 0);
}
