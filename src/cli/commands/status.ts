import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ReplicationClient } from '../../client/index.js';
import { messageOf } from '../../program.js';
import { exitCodeOf } from '../follow.js';
import type { Runner, Session } from '../session.js';
import { readStatus, statusText } from '../status.js';
import { findTarget } from '../targets.js';
import { untilInterrupted } from '../terminal.js';
import { shortName } from '../text.js';

/** Time between two readings of `--watch`. */
const WATCH_MS = 2000;

export function addStatus(program: Command, run: Runner): void {
  program
    .command('status <replication>')
    .description('show what a replication does, why it waits, until when, and what to do next')
    .option('-w, --watch', 'follow it until Ctrl-C')
    .action(run(status));
}

async function status(session: Session, text: string, { watch = false }: { readonly watch?: boolean }) {
  const { replications, arn } = await findTarget(session, text);
  const found = await readStatus(replications, arn, session.taskQueue);
  if (!watch) return session.output.result(found, () => statusText(found, session.output.pasteable));
  return exitCodeOf(await untilInterrupted(session.terminal, (signal) => follow(session, replications, arn, signal)));
}

/** Shows the status again and again: on a terminal in place, otherwise each time that it has changed. */
async function follow(session: Session, replications: ReplicationClient, arn: string, signal: AbortSignal) {
  const { output } = session;
  for (let before = ''; !signal.aborted; await sleep(WATCH_MS, undefined, { signal }).catch(() => {})) {
    const found = await readStatus(replications, arn, session.taskQueue).catch((err: unknown) => {
      if (before === '') throw err;
      output.live(`${shortName(arn)} can't be read now: ${messageOf(err)}`);
      return null;
    });
    if (found === null) continue;
    if (output.isLiveResult) {
      output.live(statusText(found, output.pasteable));
      before = 'shown';
      continue;
    }
    const now = JSON.stringify(found);
    if (now !== before) output.line(found, () => `${statusText(found, output.pasteable)}\n`);
    before = now;
  }
}
