/** Hooks of a cutover as functions: their argument and their answers. */
import type { EndpointAddress } from '../dms/api.js';
import type { CheckpointRecord } from './records.js';

/** Hooks of a cutover, as functions of a host workflow. */
export interface CutoverFunctions {
  /** Stops writes to the source. Returns once no write is in flight. */
  fence(context: CutoverContext): Promise<unknown>;
  /**
   * Closes this token for late calls, and then lets the source take writes again. Fails if the application uses the
   * target, because a late `switchToTarget` came first.
   */
  unfence(context: CutoverContext): Promise<unknown>;
  /** Finds out whether everything up to the marker has arrived on the target. */
  isDrained(context: CutoverContext): Promise<CutoverDrain>;
  /** Sends the application to the target. */
  switchToTarget(context: CutoverContext): Promise<unknown>;
  /** Finds out which side the application uses. Asks the sides, and remembers nothing. */
  whereIsTraffic(context: CutoverContext): Promise<CutoverTraffic>;
  /** Checks the user's own conditions before anything else. Changes nothing. */
  preflight?(context: CutoverContext): Promise<readonly CutoverCheck[]>;
  /** Checks the user's own conditions again and again until writes are stopped. Changes nothing. */
  validate?(context: CutoverContext): Promise<readonly CutoverCheck[]>;
  /** Writes the marker into the fenced source, and returns it. The marker is JSON of at most 4,000 characters. */
  markSource?(context: CutoverContext): Promise<unknown>;
  /** Moves sequences, identity columns and triggers to the target. */
  syncIdentities?(context: CutoverContext): Promise<unknown>;
  /** Prepares the replication back to the source, before writes are stopped. */
  prepareReverse?(context: CutoverContext): Promise<unknown>;
  /** Starts the replication back to the source, once the application uses the target. */
  startReverse?(context: CutoverContext): Promise<unknown>;
  /** Checks the application on the target. */
  verify?(context: CutoverContext): Promise<readonly CutoverCheck[]>;
  /** Sends the application back to the source. Stops writes to the target first, and brings them to the source. */
  switchToSource?(context: CutoverContext): Promise<unknown>;
  /** Tells people about each new phase. A failure changes nothing. */
  notify?(context: CutoverContext): Promise<unknown>;
}

/** Argument of every hook. */
export interface CutoverContext {
  /** Id of the cutover. */
  readonly cutoverId: string;
  /**
   * Fencing token: the same for every attempt of every hook of this cutover. A cutover that begins later has a greater
   * one, compared as text. A hook that changes something refuses a token that is lower than one it has seen.
   */
  readonly token: string;
  /** Phase in which the hook is called. */
  readonly phase: CutoverPhase;
  /** Name of the requester. */
  readonly requestedBy: string;
  /** Reason of the cutover. */
  readonly reason: string;
  /** Marker that `markSource` returned. `null`: none yet. */
  readonly marker: unknown;
  /** Time at which the cutover goes back unless the switch has begun, ISO 8601. `null`: no such time limit runs. */
  readonly returnAt: string | null;
  /** Replications that move together. */
  readonly replications: readonly CutoverReplication[];
}

/** Replication of a cutover. */
export interface CutoverReplication {
  /** ARN of the replication config. */
  readonly replicationConfigArn: string;
  /** Address of the source. `null`: the worker can't read it. */
  readonly source: EndpointAddress | null;
  /** Address of the target. `null`: the worker can't read it. */
  readonly target: EndpointAddress | null;
  /** Record of the final stop. `null`: not stopped yet. */
  readonly checkpoint: CheckpointRecord | null;
}

/** Answer of `isDrained`. */
export interface CutoverDrain {
  /** True if everything up to the marker is on the target. */
  readonly drained: boolean;
  /** Distance to the marker, in words or numbers of the user's. At most 200 characters. */
  readonly behind?: string | number | null | undefined;
}

/** Answer of `whereIsTraffic`. */
export type CutoverTraffic = 'source' | 'target' | 'both' | 'neither';

/** Result of one check, by the cutover or by a hook. */
export interface CutoverCheck {
  /** Name of the check, at most 200 characters. */
  readonly name: string;
  /** True if the check found everything in order. */
  readonly ok: boolean;
  /** Sentence about what was found: at most 1,000 characters of a hook, and 4,000 of the cutover. */
  readonly detail: string;
  /** False if the cutover goes on although the check is not ok. Default true. */
  readonly blocking?: boolean | undefined;
}

/** Phase of a cutover. */
export type CutoverPhase =
  | 'preflight'
  | 'waiting-for-lag'
  | 'validating'
  | 'waiting-for-approval'
  | 'waiting-for-window'
  | 'fencing'
  | 'draining'
  | 'stopping'
  | 'judging'
  | 'syncing'
  | 'switching'
  | 'switch-unknown'
  | 'verifying'
  | 'returning'
  | 'return-failed'
  | 'done'
  | 'returned'
  | 'planned';
