import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Program that the image of the simulator starts, without the image. */
export interface SimulatorProgram extends AsyncDisposable {
  readonly endpoint: string;
}

/** Starts the image's program on a free port of this machine. `command`: arguments after the entry point. */
export async function startProgramOf(dockerfile: string, command: readonly string[] = []): Promise<SimulatorProgram> {
  const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const [name, ...words] = JSON.parse(entry) as readonly string[];
  expect(name).toBe('temporal-dms');
  const args = words.map((word) => (word === '0.0.0.0' ? '127.0.0.1' : word));
  const program = [main, ...args, ...command, '--port', '0', '-o', 'jsonl'];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`The program has ended with ${code} before it listened`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), failed])) as [string];
  failed.catch(() => {});
  const { endpoint } = JSON.parse(line) as { readonly endpoint: string };
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
