/** What decides the course of a world. */
import type { Trouble } from './trouble.js';

/** Decides what happens next, and to which request. */
export interface Fate {
  /** Waits for the turn of what is named. */
  turn(what: string): Promise<void>;
  /** What becomes of a request, and how long it is on its way. */
  request(what: string): { readonly fate: 'arrives' | 'is lost' | 'loses its answer'; readonly seconds: number };
  /** Seconds after which an update arrives once more; `null`: it does not. */
  again(): number | null;
}

/**
 * After so many turns; once so many operations have ended; when the replication comes into a status for the nth time; or while the nth update of the
 * ledger, or the nth call, is on its way.
 */
export type Moment =
  | { readonly turn: number }
  | { readonly ended: number }
  | { readonly status: string; readonly nth: number }
  | { readonly update: number }
  | { readonly call: number };

export interface Event {
  readonly at: Moment;
  readonly act: () => void;
}

/** What decides the course of a world, besides the order in which things happen. */
export interface Luck {
  readonly trouble: Trouble;
  /** What becomes of each request, in percent of chance. */
  readonly fates: readonly number[];
  /** In which turns time passes although there is something to do. */
  readonly delays: readonly number[];
  /** See {@link Looks}. */
  readonly looks: readonly number[];
  /** See {@link Calls}. */
  readonly calls: readonly number[];
  /** For each update of the ledger a number up to 999. The larger ones arrive twice. */
  readonly updates: readonly number[];
}
