/** The packed program: run by the Temporal CLI, on a pseudo-terminal, and by shells that complete. */
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { makeConsumer } from '../support/consumer.js';
import { debianPackages } from '../support/debian.js';
import { Stage, until } from '../support/stage.js';

let stage: Stage;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  [stage, folder] = await Promise.all([Stage.set(), makeConsumer()]);
  await stage.work({ holdSeconds: 2 });
  const program = join(folder, 'node_modules/temporal-dms/dist/cli/main.js');
  await chmod(program, 0o755);
  await mkdir(join(folder, 'bin'));
  await symlink(program, join(folder, 'bin/temporal-dms'));
  const temporal = await findServer('dev');
  const folders = [join(folder, 'bin'), temporal.type === 'existing-path' ? dirname(temporal.path) : ''];
  env = {
    ...process.env,
    PATH: [...folders, process.env['PATH']].join(delimiter),
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_TASK_QUEUE: stage.taskQueue,
  };
});
afterAll(() => Promise.all([stage[Symbol.asyncDispose](), rm(folder, { recursive: true })]));

const run = async (command: string, ...args: readonly string[]) =>
  (await promisify(execFile)(command, args, { env })).stdout;

const CTRL_C = '\u0003';

/** Runs a command on a pseudo-terminal, and presses Ctrl-C once it has written a text. */
const onTerminal = (wanted: string, ...command: readonly string[]) => typing([[wanted, CTRL_C]], ...command);

/** Runs a command on a pseudo-terminal, and presses keys once it has written each text: `again` until it has. */
async function typing(
  steps: readonly (readonly [text: string, keys: string, again?: string])[],
  ...command: readonly string[]
) {
  const script = fileURLToPath(new URL('python/terminal.py', import.meta.url));
  const python = spawn('python3', [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  python.stdin.end(JSON.stringify({ command, steps }));
  return JSON.parse(await text(python.stdout)) as { written: string; code: number; pressed: boolean };
}

/** Returns the name of a replication that `list` knows. */
async function recordedName(prefix: string): Promise<string> {
  const identifier = `${prefix}-${Date.now()}`;
  const replicationConfigArn = stage.simulator.createReplication({ identifier });
  await stage.dms.stop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
  await until('it is listed', async () => (await run('temporal-dms', 'list')).includes(identifier));
  return identifier;
}

const brief = ['--settle', '0', '--self-restart-grace', '0'];

describe.concurrent('temporal-dms', () => {
  test('is run by the Temporal CLI, with its options before and after the command', async () => {
    const arn = stage.simulator.createReplication();
    const stop = ['dms', 'stop', arn, '--reason', 'cli', '--by', 'ada', ...brief];
    expect(JSON.parse(await run('temporal', ...stop, '-o', 'json'))).toMatchObject({ outcome: 'stopped' });
    const listed = await until('it is listed', async () => {
      const found = JSON.parse(await run('temporal', 'dms', 'list', '-o', 'json')) as {
        replicationConfigArn: string;
      }[];
      return found.find(({ replicationConfigArn }) => replicationConfigArn === arn);
    });
    expect(listed).toMatchObject({ state: 'stopped' });
    const lines = await run('temporal', '-o', 'jsonl', 'dms', 'history', arn, '--address', inject('temporalAddress'));
    expect(JSON.parse(lines)).toMatchObject({ operation: { requestedBy: 'ada', reason: 'cli' } });
  });

  test('prints commands that reach the same server when they are pasted', async () => {
    const { TEMPORAL_ADDRESS: _address, TEMPORAL_TASK_QUEUE: _queue, ...bare } = env;
    const paste = async (command: string) => (await promisify(execFile)('sh', ['-c', command], { env: bare })).stdout;
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const place = `--address ${inject('temporalAddress')} --disable-config-file --task-queue ${stage.taskQueue}`;
    const started = await paste(`temporal-dms stop ${arn} --reason r --no-wait ${place}`);
    const follow = /Follow it: (.*) --watch$/m.exec(started)?.[1] ?? '';
    expect(await paste(follow)).toContain(arn);
    const { next } = JSON.parse(await paste(`${follow} -o json`)) as { next: string[] };
    const cancel = next.find((command) => command.includes(' cancel ')) ?? '';
    expect(await paste(cancel)).toContain('See its end');
  });

  test('shows a stop on a terminal, and leaves it running on Ctrl-C', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const stop = ['temporal-dms', 'stop', arn, '--reason', 'tty', ...brief];
    const stopping = await onTerminal('DMS shows "stopping" \\(for \\d+ s, gives up in', ...stop);
    expect(stopping).toMatchObject({ code: 130, pressed: true });
    expect(stopping.written).toContain('The operation goes on.');
    expect(stopping.written).toContain('Follow it then: temporal dms status');
    expect(stopping.written).not.toMatch(/ {4}at /);
    const watched = await onTerminal('(?s)phase +stopping.*phase +stopping', 'temporal-dms', 'status', arn, '--watch');
    expect(watched).toMatchObject({ code: 130, pressed: true });
    expect(watched.written).toContain('\u001B[J');
    await run('temporal-dms', 'cancel', arn);
  });

  test('says through the Temporal CLI how to follow a stop, before Ctrl-C kills it, and the stop goes on', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const stop = ['temporal', 'dms', 'stop', arn, '--reason', 'tty', ...brief];
    const stopping = await onTerminal('DMS shows "stopping"', ...stop);
    expect(stopping.pressed).toBe(true);
    expect(stopping.written).toContain(`Follow it then: temporal dms status ${arn} --watch`);
    expect(await run('temporal-dms', 'status', arn)).toContain('is stopping');
    await run('temporal-dms', 'cancel', arn);
  });

  test('ends quietly when the reader of its output has ended', async () => {
    const { stderr } = await promisify(execFile)(
      'sh',
      ['-c', 'temporal-dms --help | head -n 1; temporal-dms list | true'],
      { env },
    );
    expect(stderr).not.toMatch(/EPIPE|Error/);
  });

  test('asks for the reason on a terminal, and ends on Ctrl-C without a stop', async () => {
    const arn = stage.simulator.createReplication();
    const asked = await onTerminal('Reason: ', 'temporal-dms', 'stop', arn);
    expect(asked.pressed).toBe(true);
    expect(asked.code).toBe(130);
    expect(stage.simulator.count('StopReplication', arn)).toBe(0);
  });

  test('is completed by bash, with the names of replications', async () => {
    const identifier = await recordedName('BASH');
    const init = join(folder, 'bashrc');
    await writeFile(init, `PS1='READY> '\neval "$(temporal-dms completion bash)"\n`);
    const typed = await typing(
      [
        ['READY> ', 'temporal-dms sta\t'],
        ['status', 'BASH\t'],
        [identifier.slice('BASH'.length), '\u0015exit\n', '\t'],
      ],
      'bash',
      '--noprofile',
      '--rcfile',
      init,
      '-i',
    );
    expect(typed.pressed, typed.written).toBe(true);
  });

  test('is completed by zsh, with the names of replications', async ({ skip }) => {
    const debian = await debianPackages('zsh', 'zsh-common');
    if (debian === null) return skip('There is no apt-get, so the completion of zsh is not tried');
    const identifier = await recordedName('ZSH');
    const libraries = (await run('sh', '-c', `ls -d ${debian}/usr/lib/*/zsh/*`)).trim();
    const functions = `${debian}/usr/share/zsh/functions`;
    await writeFile(join(folder, '.zshenv'), `module_path=(${libraries}) fpath=(${functions}/**/*(/) ${functions})\n`);
    const lines = ["PS1='READY> '", 'autoload -Uz compinit', 'compinit -u -D', 'eval "$(temporal-dms completion zsh)"'];
    await writeFile(join(folder, '.zshrc'), lines.join('\n'));
    const typed = await typing(
      [
        ['READY> ', 'temporal-dms sta\t'],
        ['status', 'ZSH\t'],
        // A TAB sounds the bell if the names are not read in time. Its user presses it again, and sees the rest.
        [identifier.slice('ZSH'.length), '\u0015exit\n', '\t'],
      ],
      'env',
      `ZDOTDIR=${folder}`,
      join(debian, 'bin/zsh'),
      '-i',
    );
    expect(typed.pressed, typed.written).toBe(true);
  });
});
