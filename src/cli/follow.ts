/** Waiting for something that goes on by itself, with its progress on the terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientProgress, OperationHandle } from '../client/index.js';
import { dmsCommand } from '../contract/commands.js';
import { messageOf } from '../program.js';
import { exitCodes, FollowedFailure } from './exit-codes.js';
import type { Session } from './session.js';
import { distance, duration, shortName } from './text.js';
import { untilInterrupted } from './terminal.js';

/** Time between two readings of the progress. */
const PROGRESS_MS = 1000;

interface Followed<Result> {
  /** What is waited for, such as `The cutover`. */
  readonly what: string;
  readonly workflowId: string;
  readonly result: () => Promise<Result>;
  /** Reads the progress, as one line. */
  readonly line: () => Promise<string>;
  /** What is said before the wait: how to follow it after Ctrl-C, and how to end it. */
  readonly afterwards: readonly string[];
}

/**
 * Waits for a result, and shows the progress meanwhile. Returns `interrupted` after Ctrl-C. Throws a
 * {@link FollowedFailure}.
 */
export async function follow<Result>(
  session: Session,
  { what, workflowId, result, line, afterwards }: Followed<Result>,
): Promise<Result | 'interrupted'> {
  // Said now, because the Temporal CLI kills its extensions at Ctrl-C.
  for (const hint of afterwards) session.output.say(hint);
  const ended = await untilInterrupted(session.terminal, (signal) => {
    void showLines(session, line, signal);
    return result().catch((err: unknown) => {
      throw new FollowedFailure(workflowId, err);
    });
  });
  if (ended === 'interrupted') session.output.say(`${what} goes on.`);
  return ended;
}

/** Starts something. Returns `interrupted` after Ctrl-C, and says then how to see whether it was started. */
export async function startWatched<Handle>(
  { terminal, output }: Session,
  what: string,
  see: string,
  start: () => Promise<Handle>,
): Promise<Handle | 'interrupted'> {
  const started = await untilInterrupted(terminal, start);
  if (started === 'interrupted')
    output.say(`${what} may have been started, because Temporal may have the request. See it: ${see}`);
  return started;
}

/** Exit code of a command that was interrupted, or ended. */
export function exitCodeOf(result: unknown): number {
  return result === 'interrupted' ? exitCodes.interrupted : exitCodes.success;
}

async function showLines({ output }: Session, line: () => Promise<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A lasting failure also rejects the result.
    const text = await line().catch((err: unknown) => `The progress can't be read now: ${messageOf(err)}`);
    if (signal.aborted) return;
    output.live(text);
    await sleep(PROGRESS_MS, undefined, { signal, ref: false }).catch(() => {});
  }
}

/** Waits for the result of an operation, and shows its progress. Returns `interrupted` after Ctrl-C. */
export function followOperation<Result>(
  session: Session,
  handle: OperationHandle<Result>,
  arn: string,
): Promise<Result | 'interrupted'> {
  return follow(session, {
    result: () => handle.result(),
    line: async () => progressLine(arn, await handle.progress(), session.output.isLive),
    what: 'The operation',
    workflowId: handle.workflowId,
    afterwards: [
      `Ctrl-C ends the waiting only. Follow it then: ${dmsCommand('status', arn, '--watch')}`,
      `Cancel it: ${dmsCommand('cancel', arn)}`,
    ],
  });
}

/** Returns the line about a progress. Only a live line shows times that change by themselves. */
export function progressLine(arn: string, progress: ClientProgress, isLive: boolean): string {
  const { phase, lastStatus, since, until, problem } = progress;
  const seen = lastStatus === null ? '' : `, DMS shows "${lastStatus}"`;
  const limit = until === null ? '' : `, gives up ${distance(until)}`;
  const seconds = Math.max(0, Date.now() - Date.parse(since)) / 1000;
  const times = isLive ? ` (for ${duration(seconds)}${limit})` : '';
  return `${shortName(arn)}: ${phase}${seen}${times}${problem === null ? '' : `. ${problem}`}`;
}
