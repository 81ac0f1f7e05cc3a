import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { inject } from 'vitest';
import { run } from '../../src/cli/run.js';

interface CliOptions {
  /** Default: {@link serverVariables}. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text on stdin. */
  readonly input?: string;
  /** True if stdin and stderr are a terminal. */
  readonly isTerminal?: boolean;
  /** True if Ctrl-C is pressed as soon as the command listens to it. */
  readonly isInterrupted?: boolean;
  /** Called with all that was written so far, after each write. */
  readonly onWrite?: (written: string, terminal: EventEmitter) => void;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that name the server of the tests, and no other settings. */
export const serverVariables = () => ({
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  TEMPORAL_CONFIG_FILE: '/none',
});

/** Runs `temporal-dms` in this process. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = serverVariables(), input = '', isTerminal = false, isInterrupted = false, onWrite } = options;
  const written = { stdout: '', stderr: '' };
  const signals = new EventEmitter();
  const stream = (name: keyof typeof written) =>
    Object.assign(new PassThrough(), { isTTY: isTerminal, columns: 80 }).on('data', (chunk: Buffer) => {
      written[name] += chunk.toString();
      onWrite?.(written.stdout + written.stderr, signals);
    });
  if (isInterrupted)
    signals.on('newListener', (signal) => signal === 'SIGINT' && setImmediate(() => signals.emit('SIGINT')));
  const stdin = Object.assign(new PassThrough(), { isTTY: isTerminal });
  stdin.end(input);
  const terminal = Object.assign(signals, { stdin, stdout: stream('stdout'), stderr: stream('stderr'), env });
  const code = await run(args, terminal);
  await new Promise(setImmediate);
  return { code, ...written };
}
