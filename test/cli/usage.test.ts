/** The command line: help, mistakes and questions. No server is needed. */
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/run.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { runCli } from '../support/cli.js';

const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const nowhere = ['--address', '127.0.0.1:1', '--disable-config-file'];

describe('temporal-dms', () => {
  test.each([['--help'], ['-h'], ['help']])('prints its commands for %s', async (flag) => {
    const { code, stdout, stderr } = await runCli([flag]);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of ['status', 'stop', 'resume', 'list', 'fleet', 'cutover', 'schedule', 'archive', 'worker'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  test('fits the help of every command into 80 columns', async () => {
    const terminal = { stdout: { write: () => true }, stderr: { write: () => true } } as unknown as Terminal;
    const paths = (command: Command): readonly string[][] => [
      [],
      ...command.commands.flatMap((each) => paths(each).map((path) => [each.name(), ...path])),
    ];
    const all = paths(createProgram(terminal, () => async () => {}));
    expect(all.length).toBeGreaterThan(35);
    for (const path of all) {
      const { stdout } = await runCli([...path, '--help']);
      expect(stdout).toContain('Usage: temporal-dms');
      expect([path, stdout.split('\n').filter((line) => line.length > 80)]).toEqual([path, []]);
    }
  });

  test.each([[], ['fleet'], ['cutover']])('prints the help for want of a command: %s', async (...args) => {
    const { code, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Usage: temporal-dms')]);
  });

  test.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['--nonsense'], "unknown option '--nonsense'"],
    [['statsu', arn], '(Did you mean status?)'],
    [['stop'], "missing required argument 'replication'"],
    [['status', arn, 'more'], 'too many arguments'],
    [['stop', arn, '--timeout', 'soon'], 'Write it like 90s, 30m, 6h or 2d.'],
    [['resume', arn, '--cdc-start-time', '2026-12-01T06:00'], 'with its zone'],
    [['history', arn, '--since', '5'], 'with its zone'],
    [['cutover', 'start', '/none', ...nowhere], "The file /none can't be read"],
    [['archive', 'list', 'arn:aws:dms:eu-west-1:1:task:X'], 'DmsInvalidInput'],
    [['fleet', 'stop', arn, 'arn:x', 'arn:y', '--reason', 'x', ...nowhere], 'so nothing was changed:\n  '],
    [['doctor', 'arn:aws:dms:eu-west-1:1:task:X'], 'DmsInvalidInput'],
    [['list', '-o', 'yaml'], 'Allowed choices are text, json, jsonl, none.'],
    [['list', '--state', 'asleep'], 'Allowed choices are running'],
    [['cutover', 'change', 'one'], "required option '--set <json>' not specified"],
    [['fleet', 'status', 'start', 'one', ...nowhere], 'The kind of a fleet is stop or resume'],
    [['fleet', 'stop', '--reason', 'x', ...nowhere], 'No replications are named'],
    [['fleet', 'stop', '--tag', '=x', ...nowhere], 'Write it as key=value, or as key for any value.'],
    [['fleet', 'stop', arn, '--tag', 'x', ...nowhere], '--tag goes neither with names nor with --file'],
    [['fleet', 'resume', '--file', '-', '--tag', 'x', ...nowhere], '--tag goes neither with names nor with --file'],
    [['fleet', 'stop', '--dry-run', ...nowhere], 'No replications are named'],
    [['fleet', 'status', ...nowhere], 'The fleet is not named'],
    [['fleet', 'status', 'stop', ...nowhere], 'The fleet is not named'],
    [
      ['fleet', 'status', 'stop', 'one', '--tag', 'x', ...nowhere],
      '--tag goes neither with a fleet, nor with --watch, nor with --file',
    ],
    [
      ['fleet', 'status', '--watch', '--tag', 'x', ...nowhere],
      '--tag goes neither with a fleet, nor with --watch, nor with --file',
    ],
    [['fleet', 'stop', '--file', '/none', '--reason', 'x', ...nowhere], "The file /none can't be read"],
    [['stop', arn, '--reason', 'x', '--grpc-meta', 'team', ...nowhere], '--grpc-meta has no "="'],
    [['list', '--env', 'prod'], 'Name a profile of the config file: --profile'],
    [['list', '--env-file', 'temporal.yaml'], 'Name a profile of the config file: --profile'],
    [['worker', '--identity', 'x'], 'A worker does not take --identity'],
    [['list', '--client-authority', 'x'], 'Name the server as its certificate does: --tls-server-name'],
    [['simulator', '--speed', 'fast'], '--speed is "fast"'],
    [['simulator', '--throttle', 'much'], 'Write it like 200,8'],
    [['simulator', '--uncertain', 'resumePath'], 'Write it like resumePath=full.'],
    [['simulator', '--uncertain', 'resumePath=fast'], 'resumePath must be one of short, full'],
    [['simulator', '--start-at', 'noon'], 'a time like 2026-01-01T00:00:00Z'],
    [['simulator', '--durations', '/none'], "The file /none can't be read"],
    [['status', 'arn:aws:dms:eu-west-1:1:task:X'], 'DmsInvalidInput'],
  ])('refuses %j with exit code 2, and says why', async (args, why) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^temporal-dms: /);
    expect(stderr).toContain(why);
  });

  test('refuses an input that is no JSON with exit code 2, and says where', async () => {
    const { code, stderr } = await runCli(['cutover', 'start', '-', ...nowhere], { input: '{cutoverId: 1}' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('The input is no JSON')]);
  });

  test('writes a mistake on its command line as JSON for JSON', async () => {
    const { code, stdout, stderr } = await runCli(['list', '-o', 'json', '--nonsense']);
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { message: expect.stringContaining("unknown option '--nonsense'"), hint: 'See temporal-dms --help.' },
    });
  });

  test.each([
    ['--tls=false'],
    ['--tls'],
    ['--grpc-meta', 'a=b', '--grpc-meta', 'c=d'],
    ['--log-level', 'error', '--time-format', 'iso', '--command-timeout', '5s'],
  ])('takes flags of the Temporal CLI before the command: %s', async (...flags) => {
    const { code, stderr } = await runCli([...flags, 'archive', 'list', 'arn:x']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('DmsInvalidInput')]);
  });

  test.concurrent('names the address at which no server answers, and exits with 6', async () => {
    const { code, stderr } = await runCli(['list', ...nowhere]);
    expect(code).toBe(6);
    expect(stderr).toContain('No Temporal server answers at 127.0.0.1:1');
    expect(stderr).toContain('temporal server start-dev');
  });

  test.concurrent(
    'writes an error as JSON for JSON, with global options before the command as the Temporal CLI passes them',
    async () => {
      const { code, stdout, stderr } = await runCli(['-o', 'json', ...nowhere, 'list']);
      expect([code, stdout]).toEqual([6, '']);
      expect(JSON.parse(stderr)).toEqual({
        error: {
          type: null,
          message: expect.stringContaining('127.0.0.1:1'),
          hint: expect.any(String),
          details: null,
        },
      });
    },
  );

  test.concurrent('reads the address from its environment, before the profile of a config file', async () => {
    const { stderr } = await runCli(['list', '--disable-config-file'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:2' } });
    expect(stderr).toContain('No Temporal server answers at 127.0.0.1:2');
    const unknown = await runCli(['list', '--profile', 'none'], { env: { TEMPORAL_CONFIG_FILE: '/none' } });
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("Profile 'none' not found")]);
  });

  test('colors an error on a terminal, unless NO_COLOR or --color says otherwise', async () => {
    const red = '\u001B[31m';
    const shown = async (args: string[], env: Record<string, string> = {}, isTerminal = true) =>
      (await runCli(['fleet', 'status', 'start', 'one', ...args], { env, isTerminal })).stderr.includes(red);
    expect(await Promise.all([shown([]), shown([], { NO_COLOR: '1' }), shown(['--color', 'never'])])).toEqual([
      true,
      false,
      false,
    ]);
    expect([await shown([], {}, false), await shown(['--color', 'always'], {}, false)]).toEqual([false, true]);
  });

  test.each(['bash', 'zsh', 'fish', 'powershell'])('prints a completion script for %s', async (shell) => {
    const printed: string[] = [];
    const log = console.log;
    console.log = (line: string) => void printed.push(line);
    try {
      expect((await runCli(['completion', shell])).code).toBe(0);
    } finally {
      console.log = log;
    }
    expect(printed.join('\n')).toContain('completion for temporal-dms');
  });
});
