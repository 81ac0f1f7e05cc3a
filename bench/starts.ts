/** Measures how soon the command line and the worker are ready, against a Node program that does nothing. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../scripts/free-port.js';
import { workerProgram } from './paths.js';
import { say, type Report } from './report.js';
import { onStage, percentile } from './stage.js';

const RUNS = 11;
const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** Promised times in ms, on two cores. */
const [VERSION_MS, HELP_MS, READY_MS] = [150, 300, 2000];

export async function measureStarts({ promised }: Report): Promise<void> {
  await onStage({}, async ({ address, start }) => {
    const median = async (args: readonly string[]) => {
      const times: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const begunAt = performance.now();
        await promisify(execFile)(process.execPath, args);
        times.push(performance.now() - begunAt);
      }
      return percentile(times, 50);
    };
    const node = await median(['-e', '0']);
    const rows = [
      ['--version', await median([program, '--version']), VERSION_MS],
      ['--help', await median([program, '--help']), HELP_MS],
      ['list', await median([program, 'list', '--address', address]), null],
    ] as const;
    say(`Node alone starts in ${node.toFixed(0)} ms (median of ${RUNS}). temporal-dms:`);
    say();
    for (const [name, ms, most] of rows) {
      const figures = `${ms.toFixed(0)} ms, ${(ms / node).toFixed(1)} times Node`;
      say(
        most === null ? `- ${name}: ${figures}` : `- ${promised(name, `at most ${most} ms`, ms <= most)} (${figures})`,
      );
    }
    const health = `127.0.0.1:${await freePort()}`;
    const begunAt = performance.now();
    start([workerProgram], 'bench', { TEMPORAL_DMS_HEALTH: health });
    const isReady = async () => (await fetch(`http://${health}/readyz`).catch(() => null))?.status === 200;
    while (!(await isReady())) await sleep(10);
    const ready = performance.now() - begunAt;
    say(`- ${promised('the worker', `takes tasks within ${READY_MS} ms`, ready <= READY_MS)} (${ready.toFixed(0)} ms)`);
  });
}
