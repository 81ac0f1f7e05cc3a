import { arn, otherArn } from './arn.js';
import type { Asked } from './asked.js';
import type { Execution } from './execution.js';
import { ledgerWorkflowId, messageNames } from './package-api.js';
import type { SmallDms } from './small-dms.js';
import type { SmallTemporal } from './small-temporal.js';
import type { Trouble } from './trouble.js';

/** Disturbances of a world, with the trouble that each is part of. `null`: possible in every world. */
export const disturbances = {
  'the worker is killed': null,
  'the operation is terminated': null,
  'the operation is cancelled': null,
  'the operation is reset': null,
  'the host is terminated': null,
  'the host is cancelled': null,
  'the ledger is continued as new': null,
  'the ledger is cancelled': null,
  'the reservation is broken': null,
  'the seal is lifted': 'finals',
  'someone stops it': 'console',
  'someone starts it': 'console',
  'DMS stops it for a while': 'console',
  'the stop fails': 'console',
  'an update is told again': 'replays',
  'an update is forged': 'replays',
  'AWS gives no answer': 'outages',
  'the worker freezes': 'freezes',
  'the operation is terminated while its worker freezes': 'freezes',
  'closed executions are forgotten': 'retention',
} as const satisfies Record<string, keyof Trouble | null>;

export type DisturbanceName = keyof typeof disturbances;

export interface Disturbance {
  readonly what: DisturbanceName;
  /** Number of outcomes by which a reset goes back. */
  readonly back: number;
  /** Random number that chooses an update or a duration. */
  readonly pick: number;
  /** Operation that somebody asks for right afterwards. */
  readonly next: Asked | null;
}

/** Parts of the world that a disturbance may change. */
export interface Disturbed {
  readonly temporal: SmallTemporal;
  readonly dms: SmallDms;
  readonly operation: Execution | undefined;
  readonly ledger: Execution | undefined;
  readonly host: Execution | undefined;
  readonly onUnsealed: () => void;
  readonly onReservationBroken: () => void;
  readonly trace: (what: string) => void;
}

/** Seconds after which closed executions are forgotten. Real retention is days: nobody still asks about them. */
const RETENTION_SECONDS = 300;
const BY = { by: 'ada', reason: 'it is time' };

export function disturb({ what, back, pick }: Disturbance, world: Disturbed): void {
  const { temporal, dms, operation, ledger, host } = world;
  const decide = (name: string, then: () => void) => {
    if (ledger === undefined) return;
    void temporal.update(ledgerWorkflowId(arn), name, BY).then(then, () => {});
  };
  const how: Record<DisturbanceName, () => void> = {
    'the worker is killed': () => temporal.killWorker(),
    'the operation is terminated': () => operation && temporal.terminate(operation),
    'the operation is cancelled': () => operation?.cancel(),
    'the operation is reset': () => operation && temporal.reset(operation, back),
    'the host is terminated': () => host && temporal.terminate(host),
    'the host is cancelled': () => host?.cancel(),
    'the ledger is continued as new': () => void (ledger && (ledger.isLong = true)),
    'the ledger is cancelled': () => ledger?.cancel(),
    'the reservation is broken': () => {
      world.onReservationBroken();
      decide(messageNames.breakReservation, () => {});
    },
    'the seal is lifted': () => decide(messageNames.unseal, world.onUnsealed),
    'someone stops it': () => dms.atConsole('stop'),
    'someone starts it': () => dms.atConsole('start'),
    'DMS stops it for a while': () => dms.stopForAWhile(8 + (pick % 60)),
    'the stop fails': () => dms.failWhileStopping(),
    'an update is told again': () => tellAgain(world, pick, (input) => input),
    'an update is forged': () => tellAgain(world, pick, (input) => (pick % 2 === 0 ? {} : forOther(input))),
    'AWS gives no answer': () => dms.startOutage(60 + pick),
    'the worker freezes': () => temporal.freezeWorker(20 + (pick % 260)),
    'the operation is terminated while its worker freezes': () => {
      temporal.freezeWorker(20 + (pick % 260));
      if (operation !== undefined) temporal.terminate(operation);
    },
    'closed executions are forgotten': () => temporal.forget(RETENTION_SECONDS),
  };
  how[what]();
}

/** Delivers one of the updates of activities once more, as `forged` changes it. */
function tellAgain({ temporal, trace }: Disturbed, pick: number, forged: (input: unknown) => unknown): void {
  // Recent updates are the most likely to do harm.
  const told = temporal.sentUpdates.at(-1 - (pick % Math.min(16, temporal.sentUpdates.length)));
  if (told === undefined) return;
  const { workflowId, name } = told;
  const input = forged(told.input);
  temporal.update(workflowId, name, input, true).then(
    () => trace(`told again: ${name} ${JSON.stringify(input).slice(0, 200)}`),
    (err: unknown) => trace(`refused to hear again: ${name}: ${String(err)}`),
  );
}

function forOther(input: unknown): unknown {
  return JSON.parse(JSON.stringify(input ?? null).replaceAll(arn, otherArn));
}
