/** Many replications at once: what a fleet takes, and what it returns. */
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from './inputs.js';
import type { ResumeOutcome, StopOutcome } from './results.js';

/** Maximum length of the message of a failure. */
export const MESSAGE_LENGTH = 300;
/** Maximum length of the type of a failure. */
export const TYPE_LENGTH = 60;

/** What every fleet takes. */
export interface FleetInput {
  /**
   * Its name, at most 150 characters of letters, digits and `._:/-`. Run again under the same one, it does only what is not done. One whose replications
   * have run since ends at once with `DmsFleetHalted`. Default: the id of its workflow.
   */
  readonly fleetId?: string | null | undefined;
  /** How many are under way at once. Default 50, at most 500. */
  readonly concurrency?: number | null | undefined;
  /** When no more are to be started: after so many failures, or when that share (0 to 1) of those that ended have failed, once ten have. Default: never. */
  readonly stopOnFailures?: FailureLimit | null | undefined;
}

/** When a fleet starts no more. */
export interface FailureLimit {
  /** Number of failures. */
  readonly count?: number | null | undefined;
  /** Share of those that ended, more than 0 and at most 1. It counts once ten have ended. */
  readonly share?: number | null | undefined;
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
  /** The `results` of a stop fleet, of either form: those that it stopped are resumed from its records, the one with the nearest deadline first. */
  readonly stopped?: FleetResult['results'] | FleetReport['results'] | null | undefined;
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
  /** Why no more were started. `superseded`: the fleet id was used before. `null`: all were started. */
  readonly halted: 'cancelled' | 'failures' | 'superseded' | null;
  /** By ARN, those that have ended. */
  readonly results: Readonly<Record<string, FleetEntry>>;
}

/** Where a fleet is. */
export interface FleetProgress extends FleetResult {
  readonly running: readonly string[];
}

/** What the workflow of a fleet returns: a {@link FleetResult} whose results are grouped, so that ten thousand fit into a payload. */
export interface FleetReport extends Omit<FleetResult, 'results'> {
  /** By the part of the ARN that names account and region (it ends with a colon), and then by the identifier after it. */
  readonly results: Readonly<Record<string, Readonly<Record<string, FleetEntry>>>>;
}

/** What the query `dms.fleet` returns. */
export interface FleetProgressReport extends FleetReport {
  readonly running: readonly string[];
}

/** One replication of a fleet. */
export interface FleetMember {
  readonly arn: string;
  /** The record that a resume goes on from. Left out: the newest. */
  readonly sequence?: number | null | undefined;
}

/** A fleet that is under way, as one run of its workflow hands it to the next. */
export interface FleetState {
  readonly fleetId: string;
  readonly kind: OperationKind;
  readonly concurrency: number;
  readonly stopOnFailures: FailureLimit;
  /** What each replication is stopped or resumed with. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly total: number;
  readonly duplicates: number;
  /** Those that have not ended. The ones under way come first. */
  readonly left: readonly FleetMember[];
  readonly underWay: number;
  readonly results: FleetReport['results'];
  readonly halted: FleetResult['halted'];
}

/** The part of an ARN before its identifier. */
export function placeOf(arn: string): string {
  return arn.slice(0, arn.lastIndexOf(':') + 1);
}

/** Groups results by account and region, so that each ARN takes only its identifier. */
export function groupResults(results: FleetResult['results']): FleetReport['results'] {
  const grouped: Record<string, Record<string, FleetEntry>> = {};
  for (const [arn, entry] of Object.entries(results)) {
    const place = placeOf(arn);
    const group = (grouped[place] ??= {});
    group[arn.slice(place.length)] = entry;
  }
  return grouped;
}

/** Spells out every ARN of results of either form. */
export function flattenResults(results: FleetResult['results'] | FleetReport['results']): Record<string, FleetEntry> {
  const flat: Record<string, FleetEntry> = {};
  for (const [key, value] of Object.entries(results)) {
    if (!isGroup(key, value)) flat[key] = value;
    else for (const [identifier, entry] of Object.entries(value)) flat[`${key}${identifier}`] = entry;
  }
  return flat;
}

/** No ARN of a replication ends with a colon. */
function isGroup(key: string, value: object): value is Readonly<Record<string, FleetEntry>> {
  return key.endsWith(':') && typeof value === 'object' && value !== null;
}

/** Spells out every ARN of a report. */
export function flattenFleet<Report extends FleetReport>(
  report: Report,
): Omit<Report, 'results'> & Pick<FleetResult, 'results'> {
  return { ...report, results: flattenResults(report.results) };
}
