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

/** Starts what the image starts, on a free port of this machine. `command`: what follows the entry point. */
export async function startProgramOf(dockerfile: string, command: readonly string[] = []): Promise<SimulatorProgram> {
  const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const [name, ...words] = JSON.parse(entry) as readonly string[];
  expect(name).toBe('temporal-dms');
  const args = words.map((word) => (word === '0.0.0.0' ? '127.0.0.1' : word));
  const program = [main, ...args, ...command, '--port', '0', '-o', 'jsonl'];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { endpoint } = JSON.parse(line) as { readonly endpoint: string };
  const ended = once(child, 'exit');
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
