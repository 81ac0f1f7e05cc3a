/** Many replications at once: what a fleet takes, what it returns, and its rules. */
import { parseReplicationConfigArn } from '../dms/arn.js';
import { dmsFailure } from './failures.js';
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from './inputs.js';
import type { ResumeOutcome, ResumeReplicationResult, StopOutcome, StopReplicationResult } from './results.js';

const MAX_REPLICATIONS = 10_000;
const MAX_CONCURRENCY = 500;
/** A share of failures counts from when so many have ended. */
const SHARE_COUNTS_FROM = 10;
/** So many failures keep their message, so that what a fleet returns stays within what Temporal takes. */
const MAX_MESSAGES = 200;
const MESSAGE_LENGTH = 300;

/** What every fleet takes. */
export interface FleetInput {
  /**
   * Its name, at most 150 characters of letters, digits and `._:/-`. Run again under the same one, it does only what is not done. Default: the id of its workflow.
   */
  readonly fleetId?: string | null | undefined;
  /** How many are under way at once. Default 50, at most 500. */
  readonly concurrency?: number | null | undefined;
  /** When no more are to be started: after so many failures, or when that share (0 to 1) of those that ended have failed, once ten have. Default: never. */
  readonly stopOnFailures?: { readonly count?: number; readonly share?: number } | null | undefined;
}

type ForEach<Input, Members extends keyof Input> = { readonly [Member in Members]?: Input[Member] };

export interface StopFleetInput
  extends
    FleetInput,
    ForEach<
      StopReplicationInput,
      | 'requestedBy'
      | 'reason'
      | 'intent'
      | 'stoppableTimeoutSeconds'
      | 'stopTimeoutSeconds'
      | 'settleSeconds'
      | 'selfRestartGraceSeconds'
      | 'owner'
      | 'deadlinePolicy'
      | 'deadlineLeadSeconds'
      | 'onResumeDeadline'
    > {
  /** Up to 10,000. They are stopped in this order; one that is there twice is stopped once. */
  readonly replicationConfigArns: readonly string[];
}

export interface ResumeFleetInput
  extends
    FleetInput,
    ForEach<
      ResumeReplicationInput,
      'requestedBy' | 'reason' | 'owner' | 'force' | 'startTimeoutSeconds' | 'verifyProgressSeconds'
    > {
  /** The `results` of a stop fleet: those that it stopped are resumed from its records, the one with the nearest deadline first. */
  readonly stopped?: FleetResult['results'] | null | undefined;
  /** Instead: up to 10,000, resumed from their newest records, in this order. */
  readonly replicationConfigArns?: readonly string[] | null | undefined;
}

/** What became of one replication. */
export type FleetEntry =
  | {
      readonly outcome: StopOutcome | ResumeOutcome;
      /** Of the record that a stop wrote, or a resume went on from. */
      readonly checkpointSequence: number | null;
      /** After this a stopped one can not be resumed. */
      readonly resumeBy: string | null;
    }
  | { readonly failureType: string; readonly message: string | null };

export interface FleetResult {
  readonly fleetId: string;
  readonly kind: OperationKind;
  /** Replications in the list, each once, and how many were there again. */
  readonly total: number;
  readonly duplicates: number;
  /** How many came to each outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failed: number;
  /** Those that were not begun, in their order. */
  readonly left: readonly string[];
  /** Why no more were started; `null`: all were. */
  readonly halted: 'cancelled' | 'failures' | null;
  /** By ARN, those that have ended. */
  readonly results: Readonly<Record<string, FleetEntry>>;
}

/** Where a fleet is. */
export interface FleetProgress extends FleetResult {
  readonly running: readonly string[];
}

/** A fleet that is under way, as one run of its workflow hands it to the next. */
export interface FleetState {
  readonly fleetId: string;
  readonly kind: OperationKind;
  readonly concurrency: number;
  readonly stopOnFailures: NonNullable<FleetInput['stopOnFailures']>;
  /** What each replication is stopped or resumed with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Sequences of the records that a resume goes on from, by ARN. */
  readonly sequences: Readonly<Record<string, number>>;
  readonly total: number;
  readonly duplicates: number;
  /** Not ended yet; those that were under way come first, and so many they were (none, in a state of before). */
  readonly left: readonly string[];
  readonly underWay?: number | undefined;
  readonly results: Readonly<Record<string, FleetEntry>>;
  readonly halted: FleetProgress['halted'];
}

const members: Readonly<Record<OperationKind, string>> = {
  stop: 'owner intent stoppableTimeoutSeconds stopTimeoutSeconds settleSeconds selfRestartGraceSeconds deadlinePolicy deadlineLeadSeconds onResumeDeadline',
  resume: 'owner stopped force startTimeoutSeconds verifyProgressSeconds',
};

/** Checks the input of a fleet before anything is called, and fills in the defaults. Throws DmsInvalidInput. */
export function planFleet(
  kind: OperationKind,
  input: Readonly<Record<string, unknown>>,
  workflowId: string,
): FleetState {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
  const {
    fleetId = workflowId,
    concurrency = 50,
    stopOnFailures = {},
    replicationConfigArns,
    stopped,
    ...options
  } = given;
  const known = `requestedBy reason ${members[kind]}`.split(' ');
  const unknown = Object.keys(stopped === undefined ? options : { ...options, stopped }).find(
    (name) => !known.includes(name),
  );
  require(unknown === undefined, `A fleet takes no "${unknown}"`);
  require(/^[\w.:/-]{1,150}$/.test(String(fleetId)), 'fleetId is a name of 1 to 150 letters, digits and ._:/-');
  require(isWithin(concurrency, MAX_CONCURRENCY) &&
    concurrency % 1 === 0, `concurrency is from 1 to ${MAX_CONCURRENCY}`);
  require(typeof stopOnFailures === 'object' &&
    (stopped === undefined || typeof stopped === 'object'), 'stopOnFailures and stopped are objects');
  const { count = 1, share = 1, ...others } = stopOnFailures as Readonly<Record<string, unknown>>;
  const isRule = isWithin(count, Infinity) && count >= 1 && isWithin(share, 1) && Object.keys(others).length === 0;
  require(isRule, 'stopOnFailures has a count (1 or more), a share (more than 0, at most 1), or both');
  require((stopped === undefined) !==
    (replicationConfigArns ===
      undefined), `A fleet takes replicationConfigArns${kind === 'resume' ? ', or the results of a stop fleet (stopped)' : ''}`);
  const resumed = stopped === undefined ? [] : byDeadline(stopped as FleetResult['results']);
  const arns = readArns(stopped === undefined ? replicationConfigArns : resumed.map(([arn]) => arn));
  const left = [...new Set(arns)];
  return {
    fleetId: String(fleetId),
    kind,
    concurrency: concurrency as number,
    stopOnFailures: stopOnFailures as FleetState['stopOnFailures'],
    options,
    sequences: Object.fromEntries(resumed),
    total: left.length,
    duplicates: arns.length - left.length,
    left,
    results: {},
    halted: null,
  };
}

function readArns(arns: unknown): readonly string[] {
  require(Array.isArray(arns), 'replicationConfigArns is a list of ARNs');
  const { length } = arns as unknown[];
  require(length <= MAX_REPLICATIONS, `replicationConfigArns has ${length} entries, more than ${MAX_REPLICATIONS}`);
  return (arns as unknown[]).map((each, n) => {
    try {
      return parseReplicationConfigArn(each as string).arn;
    } catch (err) {
      throw invalid(`replicationConfigArns[${n}]: ${String(err)}`);
    }
  });
}

/** Those that a stop fleet stopped and the sequences of their records, the one with the nearest deadline first. */
function byDeadline(stopped: FleetResult['results']): [arn: string, sequence: number][] {
  return Object.entries(stopped)
    .flatMap(([arn, entry]) => {
      // It comes from somebody's JSON.
      const { outcome, checkpointSequence: sequence, resumeBy }: Readonly<Record<string, unknown>> = { ...entry };
      const by = typeof resumeBy === 'string' ? resumeBy : '9';
      return typeof sequence === 'number' && outcome !== 'never-started' ? [{ arn, sequence, by }] : [];
    })
    .toSorted((one, other) => one.by.localeCompare(other.by))
    .map(({ arn, sequence }) => [arn, sequence]);
}

/** Whether so many of those that ended have failed that no more are to be started. */
export function isTooMany(
  { count = Infinity, share = Infinity }: FleetState['stopOnFailures'],
  failed: number,
  ended: number,
) {
  return failed >= count || (ended >= SHARE_COUNTS_FROM && failed / ended >= share);
}

/** What one child of a fleet is run with. Its operation id makes a fleet that is run again do only what is not done. */
export function fleetOperation({ kind, fleetId, options, sequences }: FleetState, replicationConfigArn: string) {
  const sequence = sequences[replicationConfigArn];
  const checkpoint = kind === 'resume' && sequence !== undefined ? { checkpoint: { sequence } } : {};
  return { ...options, ...checkpoint, replicationConfigArn, operationId: `${fleetId}:${kind}` };
}

export function stoppedEntry({ outcome, checkpoint }: StopReplicationResult): FleetEntry {
  return { outcome, checkpointSequence: checkpoint.sequence, resumeBy: checkpoint.resumeBy };
}

export function resumedEntry({ outcome, resumedFrom }: ResumeReplicationResult): FleetEntry {
  return { outcome, checkpointSequence: resumedFrom?.sequence ?? null, resumeBy: null };
}

export function failedEntry(failureType: string, message: string, failuresBefore: number): FleetEntry {
  return { failureType, message: failuresBefore < MAX_MESSAGES ? message.slice(0, MESSAGE_LENGTH) : null };
}

export function fleetResult({ fleetId, kind, total, duplicates, left, halted, results }: FleetState): FleetResult {
  const outcomes: Record<string, number> = {};
  let failed = 0;
  for (const entry of Object.values(results)) {
    if ('failureType' in entry) failed++;
    else outcomes[entry.outcome] = (outcomes[entry.outcome] ?? 0) + 1;
  }
  return { fleetId, kind, total, duplicates, outcomes, failed, left, halted, results };
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && value > 0 && value <= most;
}

function require(isFine: boolean, problem: string): void {
  if (!isFine) throw invalid(problem);
}

function invalid(problem: string) {
  return dmsFailure('DmsInvalidInput', { replicationConfigArn: '' }, problem, 'Correct the input; nothing was called.');
}
