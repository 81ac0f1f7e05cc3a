/** Inputs and results of fleets: operations on many replications. */
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from './inputs.js';
import type { ResumeOutcome, StopOutcome } from './results.js';

/** Maximum length of a failure message in a fleet's results. */
export const MAX_MESSAGE_LENGTH = 300;
/** Maximum length of a failure type in a fleet's results. */
export const MAX_TYPE_LENGTH = 60;

/** Fields that every fleet takes. */
export interface FleetInput {
  /**
   * Name of the fleet: 1 to 150 letters, digits and `._:/-`. A fleet that runs again under the same name repeats no operation that succeeded. If the
   * replications have been operated on since, it soon ends with `DmsFleetHalted`. Default: the id of its workflow, or a random one from a client.
   */
  readonly fleetId?: string | null | undefined;
  /** Number of operations at once. Default 50, at most 500. */
  readonly concurrency?: number | null | undefined;
  /** Limit of failures at which the fleet starts no more operations. Default: none. */
  readonly stopOnFailures?: FailureLimit | null | undefined;
}

/** Limit of failures at which a fleet starts no more operations. */
export interface FailureLimit {
  /** Number of failures, from 1 on. Default: no limit. */
  readonly count?: number | null | undefined;
  /** Share of failures among the operations that ended, more than 0 and at most 1. Counts once ten have ended. Default: no limit. */
  readonly share?: number | null | undefined;
}

type ForEach<Input, Members extends keyof Input> = { readonly [Member in Members]?: Input[Member] };

/** Input of a fleet of stops. The other fields are those of each stop. */
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
  /** ARNs to stop, at most 10,000, in this order. An ARN that is listed twice is stopped once. */
  readonly replicationConfigArns: readonly string[];
}

/** Input of a fleet of resumes: either `stopped` or `replicationConfigArns`. The other fields are those of each resume. */
export interface ResumeFleetInput
  extends
    FleetInput,
    ForEach<
      ResumeReplicationInput,
      'requestedBy' | 'reason' | 'owner' | 'force' | 'startTimeoutSeconds' | 'verifyProgressSeconds'
    > {
  /** Results of a stop fleet, by ARN or grouped. Stopped replications are resumed from those records, the nearest deadline first. */
  readonly stopped?: FleetResult['results'] | FleetReport['results'] | null | undefined;
  /** ARNs to resume from their newest records, at most 10,000, in this order. */
  readonly replicationConfigArns?: readonly string[] | null | undefined;
}

/** Entry of one replication in a fleet's results: its outcome, or its failure. */
export type FleetEntry =
  | {
      readonly outcome: StopOutcome | ResumeOutcome;
      /** Sequence of the record that a stop wrote, or a resume went on from. `null`: none. */
      readonly checkpointSequence: number | null;
      /** End of the resume window of a stopped replication, ISO 8601. `null`: unknown, or a resume. */
      readonly resumeBy: string | null;
    }
  | { readonly failureType: string; readonly message: string | null };

/** Result of a fleet, with an entry for each ARN. */
export interface FleetResult {
  /** Name of the fleet. */
  readonly fleetId: string;
  /** Kind of its operations. */
  readonly kind: OperationKind;
  /** Number of replications, each counted once. */
  readonly total: number;
  /** Number of ARNs in the input that repeat an earlier one. */
  readonly duplicates: number;
  /** Number of replications by outcome, without those that failed. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Number of replications whose operation failed. */
  readonly failed: number;
  /** ARNs whose operations were not begun, in their order. */
  readonly left: readonly string[];
  /** Reason why no more operations were started. `superseded`: the fleet id was used before. `null`: all were started. */
  readonly halted: 'cancelled' | 'failures' | 'superseded' | null;
  /** Outcome of each replication that has ended, by ARN. */
  readonly results: Readonly<Record<string, FleetEntry>>;
}

/** Progress of a fleet. */
export interface FleetProgress extends FleetResult {
  /** ARNs whose operations are under way. */
  readonly running: readonly string[];
}

/** Result of a fleet's workflow: a {@link FleetResult} whose results are grouped. Ten thousand grouped results fit into a payload. */
export interface FleetReport extends Omit<FleetResult, 'results'> {
  /** Outcomes by the part of the ARN that names account and region, then by identifier. That part ends with a colon. */
  readonly results: Readonly<Record<string, Readonly<Record<string, FleetEntry>>>>;
}

/** Progress of a fleet, as the query `dms.fleet` returns it. */
export interface FleetProgressReport extends FleetReport {
  /** ARNs whose operations are under way. */
  readonly running: readonly string[];
}

/** One replication of a fleet. */
export interface FleetMember {
  /** ARN of the replication config. */
  readonly arn: string;
  /** Sequence of the record that a resume goes on from. Default: the newest. */
  readonly sequence?: number | null | undefined;
}

/** State of a fleet that is under way. Each run of its workflow hands it to the next. */
export interface FleetState {
  /** Name of the fleet. */
  readonly fleetId: string;
  /** Kind of its operations. */
  readonly kind: OperationKind;
  /** Number of operations at once. */
  readonly concurrency: number;
  /** Limit of failures. Empty: none. */
  readonly stopOnFailures: FailureLimit;
  /** Options for each operation. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Number of replications, each counted once. */
  readonly total: number;
  /** Number of ARNs in the input that repeat an earlier one. */
  readonly duplicates: number;
  /** Replications that have not ended. Those under way come first. */
  readonly remaining: readonly FleetMember[];
  /** Number of operations under way. */
  readonly underWay: number;
  /** Outcomes of the replications that have ended, grouped. */
  readonly results: FleetReport['results'];
  /** Reason why no more operations are started. `null`: none. */
  readonly halted: FleetResult['halted'];
}

/** Returns the part of an ARN before its identifier. That part ends with a colon. */
export function arnPrefixOf(arn: string): string {
  return arn.slice(0, arn.lastIndexOf(':') + 1);
}

/** Groups results by account and region, so that each ARN takes only its identifier. */
export function groupResults(results: FleetResult['results']): FleetReport['results'] {
  const grouped: Record<string, Record<string, FleetEntry>> = {};
  for (const [arn, entry] of Object.entries(results)) {
    const prefix = arnPrefixOf(arn);
    const group = (grouped[prefix] ??= {});
    group[arn.slice(prefix.length)] = entry;
  }
  return grouped;
}

/** Returns results by full ARN. Takes grouped results, and results that are already by ARN. */
export function flattenResults(results: FleetResult['results'] | FleetReport['results']): Record<string, FleetEntry> {
  const flat: Record<string, FleetEntry> = {};
  for (const [key, value] of Object.entries(results)) {
    if (!isGroup(key, value)) flat[key] = value;
    else for (const [identifier, entry] of Object.entries(value)) flat[`${key}${identifier}`] = entry;
  }
  return flat;
}

/** True if an entry is a group. The key of a group ends with a colon, and no ARN of a replication does. */
function isGroup(key: string, value: object): value is Readonly<Record<string, FleetEntry>> {
  return key.endsWith(':') && typeof value === 'object' && value !== null;
}

/** Returns a report with its results by full ARN. */
export function flattenFleet<Report extends FleetReport>(
  report: Report,
): Omit<Report, 'results'> & Pick<FleetResult, 'results'> {
  return { ...report, results: flattenResults(report.results) };
}
