/** Random numbers and moments that decide the course of a world. */
import type { Trouble } from './trouble.js';

/** Decides which step runs next, and what happens to each request. */
export interface Fate {
  /** Waits until the named step may run. */
  turn(what: string): Promise<void>;
  /** Returns the fate of a request, and the seconds for which it is on its way. */
  request(what: string): { readonly fate: 'arrives' | 'is lost' | 'loses its answer'; readonly seconds: number };
  /** Returns the seconds after which an update is delivered a second time. `null`: it is delivered once. */
  redeliverAfter(): number | null;
}

/**
 * Moment at which an event happens.
 *
 * - `turn`: after that many turns
 * - `ended`: once that many operations have ended
 * - `status`, `nth`: when the replication enters the status for the nth time
 * - `update`: while the update of the ledger with this number, from 1 on, is on its way
 * - `call`: while the call with this number, from 1 on, is on its way
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

/**
 * Random numbers that decide the course of a world, apart from the order of its steps.
 *
 * Once a list is used up, there is no more bad luck.
 */
export interface Luck {
  readonly trouble: Trouble;
  /** One number up to 99 for each request. Below 4 it is lost, below 8 its answer. Others below 60 may be slow. */
  readonly fates: readonly number[];
  /** One number up to 99 for each turn. Below 8 time passes although steps are waiting. */
  readonly delays: readonly number[];
  /** See {@link Looks}. */
  readonly looks: readonly number[];
  /** See {@link Calls}. */
  readonly calls: readonly number[];
  /** One number up to 999 for each update of the ledger. From 850 on the update is delivered twice. */
  readonly updates: readonly number[];
}
