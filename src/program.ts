/**
 * Entry of this package's program: checks the Node version, answers `--version`, and loads the rest.
 *
 * Every Node version must be able to parse this file and what it imports. The rest is loaded after the version check.
 */
import { readFileSync } from 'node:fs';

/** Runs `temporal-dms` with the given arguments. The process ends with the exit code of the command. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    const { version, engines } = manifest();
    requireNode(process.versions.node, engines.node);
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-v')) {
      process.stdout.write(`${version}\n`);
      return;
    }
    endQuietlyWithReader();
    process.removeAllListeners('warning'); // the command shows them in its own way
    const { run } = await import('./cli/run.js');
    process.exitCode = await run(args, process);
    // A connection that a completion has begun must not keep the shell waiting.
    if (args[0] === 'complete') process.stdout.write('', () => process.exit());
  } catch (err) {
    process.stderr.write(`temporal-dms: ${problemOf(err)}\n`);
    process.exitCode = 1;
  }
}

/** Ends the process when the reader of its output has ended, such as `head`. */
function endQuietlyWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (err: NodeJS.ErrnoException) => {
      if (err.code === 'EPIPE') process.exit(0);
      throw err;
    });
}

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

export function manifest(): Manifest {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest;
}

function requireNode(has: string, range: string): void {
  const [major = 0, minor = 0] = numbers(has);
  const [leastMajor = 0, leastMinor = 0] = numbers(range);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new Error(`temporal-dms needs Node >= ${leastMajor}.${leastMinor}; this is v${has}`);
}

function numbers(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}

/** Returns the message of an error. For a missing optional peer dependency, names the package to install. */
export function problemOf(err: unknown): string {
  const message = messageOf(err);
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  return missing === undefined
    ? message
    : `It needs ${missing}. Install it beside temporal-dms: npm install ${missing} (if temporal-dms is global: npm install --global ${missing})`;
}

export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
