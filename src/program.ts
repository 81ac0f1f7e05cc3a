/**
 * Frame of this package's programs: checks the Node version, prints `--help` and `--version`, and reports failures.
 *
 * Every Node version must be able to parse this file and the entry files of the programs. Programs load everything else
 * after the version check.
 */
import { readFileSync } from 'node:fs';
import * as util from 'node:util';
import type { ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Arguments that a program takes from its command line. */
export interface ProgramArguments<O extends Options> {
  readonly values: ReturnType<typeof util.parseArgs<{ options: O; allowPositionals: true }>>['values'];
  readonly positionals: readonly string[];
}

export interface Program<O extends Options> {
  readonly name: string;
  /** Text of `--help`. */
  readonly usage: string;
  readonly options: O;
  readonly allowPositionals: boolean;
}

/** Error of an invalid command line. The process ends with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const common = {
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'v', default: false },
} as const;

/** Runs a program. The process ends with 1 after a failure, and with 2 for an invalid command line. Both print one line to stderr. */
export async function runProgram<O extends Options>(
  { name, usage, options, allowPositionals }: Program<O>,
  main: (given: ProgramArguments<O>) => Promise<void>,
): Promise<void> {
  try {
    const { version, engines } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ) as Manifest;
    requireNode(process.versions.node, engines.node);
    const { values, positionals } = parse({ ...options, ...common }, allowPositionals);
    if (values['help'] === true) process.stdout.write(usage);
    else if (values['version'] === true) process.stdout.write(`${version}\n`);
    else await main({ values, positionals } as unknown as ProgramArguments<O>);
  } catch (err) {
    const isUsage = err instanceof UsageError;
    const help = isUsage ? `. See "${name} --help"` : '';
    process.stderr.write(`${name}: ${problemOf(err)}${help}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
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

function parse(options: Options, allowPositionals: boolean) {
  try {
    return util.parseArgs({ options, allowPositionals });
  } catch (err) {
    // Keeps Node's first sentence. Its advice about `--` follows that.
    throw new UsageError(messageOf(err).split(/[.\n]/)[0] ?? '');
  }
}

/** Returns the message of an error. For a missing optional peer dependency, names the package to install. */
export function problemOf(err: unknown): string {
  const message = messageOf(err);
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  return missing === undefined ? message : `It needs ${missing}. Install it: npm install ${missing}`;
}

export function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
