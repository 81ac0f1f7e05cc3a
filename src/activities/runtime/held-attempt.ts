import { STALE_SECONDS } from '../../dms/staleness.js';
import { isDmsFailure } from '../../contract/failures.js';
import { secondsBetweenLooks, type Look, type LookOptions } from '../../watch/index.js';
import type { HeldProgress, OperationPhase } from '../../contract/progress.js';
import type { Attempt } from './attempt.js';

/** Seconds between two looks of a held attempt. */
const SWEEP_SECONDS = 2;
/** Seconds between two heartbeats of a held attempt. The heartbeat timeout is 45 s. */
const HEARTBEAT_SECONDS = 30;
/** Seconds of start-to-close that a wait keeps for its last request. */
const RESERVE_SECONDS = 15;

/** State that an attempt leaves to the next. */
interface WaitState<Memory> extends HeldProgress {
  readonly memory: Memory;
  readonly isDeadlineActive: boolean;
  readonly unansweredSince: number | null;
  /** `elapsedSeconds` at the first missing look after the last one that showed the replication. `null`: none. */
  readonly missingSince: number | null;
}

/** Meaning of a look for a wait that keeps a memory from look to look. */
export type Judgement<Memory, Result> =
  | { readonly done: Result }
  | {
      readonly memory: Memory;
      readonly phase: OperationPhase;
      readonly why: string;
      /** Seconds until another look is worth it. `null`: the usual interval. */
      readonly lookInSeconds: number | null;
      /** True while the deadline counts. False once only time must pass. */
      readonly isDeadlineActive: boolean;
    };

/**
 * Makes one attempt of a wait, as a loop of looks.
 *
 * Returns when the wait is over. Otherwise fails with the last status: terminally past the deadline, else retryably.
 * The attempt is held over many looks while the worker has a hold slot for it. Heartbeats show its progress. The SDK
 * sends at most one in 36 s (0.8 of the timeout), unless the worker's `maxHeartbeatThrottleInterval` is shorter.
 *
 * A look without a replication proves nothing, see `dms/staleness.ts`. The activity fails with `DmsReplicationNotFound`
 * once looks have been missing for longer than staleness.
 */
export async function holdAttempt<Memory, Result>(
  attempt: Attempt,
  initialMemory: Memory,
  judge: (memory: Memory, look: Look) => Judgement<Memory, Result> | Promise<Judgement<Memory, Result>>,
): Promise<Result> {
  const { worker } = attempt;
  let kept: WaitState<Memory> = (attempt.memory as WaitState<Memory> | undefined) ?? {
    phase: null,
    lastStatus: attempt.status,
    since: attempt.since,
    memory: initialMemory,
    isDeadlineActive: true,
    unansweredSince: null,
    missingSince: null,
  };
  attempt.status = kept.lastStatus;
  attempt.isDeadlineActive = kept.isDeadlineActive;
  attempt.unansweredSince = kept.unansweredSince;
  const keep = (now: WaitState<Memory>) => {
    if (JSON.stringify(now) !== JSON.stringify(kept)) attempt.remember(now);
    kept = now;
  };
  const slot = worker.takeHoldSlot();
  const longest = worker.holdSeconds * (0.8 + 0.2 * Math.random());
  const holdSeconds = slot === null ? 0 : Math.min(longest, attempt.secondsLeft - RESERVE_SECONDS);
  const isHeld = holdSeconds > 0;
  // The first look comes at once, the others with the sweeps.
  let when: LookOptions = attempt.number === 1 ? {} : { intervalSeconds: worker.holdSeconds > 0 ? SWEEP_SECONDS : 0 };
  const hold = async (): Promise<Result> => {
    for (;;) {
      const look = await attempt.look(when).catch((err: unknown) => {
        const isMissing = isDmsFailure(err, 'DmsReplicationNotFound');
        const now = attempt.elapsedSeconds;
        const missingSince = isMissing ? (kept.missingSince ?? now) : kept.missingSince;
        keep({ ...kept, unansweredSince: attempt.unansweredSince, missingSince });
        const missingFor = now - (missingSince ?? now);
        if (!isMissing || missingFor > STALE_SECONDS) throw err;
        throw attempt.stillWaiting(`DMS has not shown it for ${Math.round(missingFor)} s`, SWEEP_SECONDS);
      });
      const judgement = await judge(kept.memory, look);
      if ('done' in judgement) return judgement.done;
      const { memory, phase, isDeadlineActive } = judgement;
      keep({
        phase,
        lastStatus: attempt.status,
        since: attempt.since,
        memory,
        isDeadlineActive,
        unansweredSince: null,
        missingSince: null,
      });
      attempt.isDeadlineActive = isDeadlineActive;
      attempt.unansweredSince = null;
      attempt.phase = phase;
      const timeLeft = isDeadlineActive ? attempt.deadline.seconds - attempt.elapsedSeconds : Infinity;
      if (timeLeft <= 0) throw attempt.timedOut(null, look.replication);
      const wanted = judgement.lookInSeconds ?? Infinity;
      const next = Math.min(SWEEP_SECONDS, wanted, timeLeft);
      if (slot?.isWanted() === true || attempt.attemptSeconds + next > holdSeconds) {
        const between = Math.min(secondsBetweenLooks(attempt.elapsedSeconds), wanted);
        const delay = Math.min(isHeld ? 0.1 : between, timeLeft);
        throw attempt.stillWaiting(judgement.why, delay);
      }
      when = next < SWEEP_SECONDS ? { inSeconds: next } : { intervalSeconds: SWEEP_SECONDS };
    }
  };
  try {
    return await attempt.withHeartbeat(hold, HEARTBEAT_SECONDS);
  } finally {
    slot?.release();
  }
}
