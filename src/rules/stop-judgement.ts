/**
 * The judgement about the request of a stop: one pure function over the facts that `dms.requestStop` has gathered.
 *
 * A stop calls, waits until it can call, or sends nothing. After a call, or after sending nothing, `dms.awaitStopped`
 * waits for the stop. The judgement throws terminal failures. `dms/lifecycle.ts` says what each status allows.
 */
import { isLaterRun, isNewerStop } from '../dms/checkpoint.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import { maySelfRestart } from '../dms/stop-reasons.js';
import {
  replicationDeleting,
  replicationFailed,
  replicationReadOnly,
  stateBefore,
} from '../contract/failure-messages.js';
import type { FailureSubject } from '../contract/failures.js';
import type { PendingCall } from '../contract/ledger-state.js';
import type { StopOutcome } from '../contract/results.js';
import type { Doubt } from './doubt.js';

/** Facts by which the request of a stop is judged. */
export interface StopFacts {
  readonly look: Replication;
  /** Call of this operation that may have been accepted. `null`: none. */
  readonly ownCall: PendingCall | null;
  /** True if DMS answered the calls that this operation sent before. */
  readonly isAnswered: boolean;
  /** True if the ledger has seen the replication run. */
  readonly hasRun: boolean;
  readonly subject: FailureSubject;
}

export type StopConclusion =
  | { readonly do: 'call' }
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'send-nothing'; readonly outcome: StopOutcome; readonly hasSeenStop: boolean };

/** Judges the request of a stop. A look that may be too old must agree with others first. */
export function judgeStopRequest(facts: StopFacts): StopConclusion | Doubt<StopConclusion> {
  const { look, hasRun, subject } = facts;
  if (look.isReadOnly === true) throw replicationReadOnly(subject);
  switch (statusFacts(lifecycleState(look).status).stop) {
    case 'call':
      requireNotUndone(facts);
      return { do: 'call' };
    case 'wait':
      return { do: 'wait', why: 'DMS can stop it only once it is running' };
    case 'already-stopping':
      return { do: 'send-nothing', outcome: 'already-stopping', hasSeenStop: true };
    case 'already-stopped':
      return { do: 'send-nothing', outcome: 'already-stopped', hasSeenStop: false };
    case 'never-started':
      return hasRun ? { ...mustAgree('DMS shows no run of it'), conclude: neverStarted } : neverStarted();
    case 'failed':
      return {
        ...mustAgree('it shows "failed"'),
        conclude: () => {
          throw replicationFailed(subject, 'before it was asked to stop');
        },
      };
    case 'deleting':
      throw replicationDeleting(subject);
  }
}

function mustAgree(on: string) {
  return { do: 'agree', on, forSeconds: STALE_SECONDS } as const;
}

function neverStarted(): StopConclusion {
  return { do: 'send-nothing', outcome: 'never-started', hasSeenStop: false };
}

/**
 * Throws `DmsStopReverted` if a noted call stopped the replication and somebody has started it since. One look proves
 * both. A stop that DMS may undo by itself does not count, so the operation requests it again.
 *
 * After a restore of Temporal's database from a backup, an old operation may run again. Because of this check, it does
 * not stop a replication that was resumed since.
 */
function requireNotUndone({ look, ownCall, isAnswered, subject }: StopFacts): void {
  if (ownCall === null) return;
  const { before } = ownCall;
  const hasNewStop = isNewerStop(look, before.stop);
  // DMS may hide the stop after the next start. A later run proves it, unless DMS itself may have undone the stop.
  const isUndone = hasNewStop ? !maySelfRestart(look.stopReason) : !isAnswered && isLaterRun(look, before.startedAt);
  if (!isUndone) return;
  const { replicationLastStopTime: at } = look;
  const seen = at === null ? 'stopped' : `stopped at ${at}`;
  throw stateBefore(subject, look, `${seen}, after this stop had asked for it`);
}
