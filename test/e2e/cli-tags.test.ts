/** Fleets whose replications the AWS tags choose. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { runCliProcess } from '../support/cli-process.js';
import { schemas } from '../support/cli-schemas.js';
import { quick, Stage } from '../support/stage.js';

const why = ['--reason', 'wave 1'];
const linesOf = (text: string) => text.split('\n').filter(Boolean);

describe('a fleet that tags choose', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
    await stage.work();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const dms = (...args: readonly string[]) => {
    const place = ['--task-queue', stage.taskQueue];
    return runCliProcess([...args, ...place], stage.simulator);
  };

  test('is shown, stopped, listed and resumed', async () => {
    const { simulator } = stage;
    const wave = `wave-${randomUUID()}`;
    const [first, second] = [1, 2].map(() => simulator.createReplication({ tags: { wave, team: 'data' } }));
    const other = simulator.createReplication({ tags: { wave, team: 'web' } });
    const tags = ['--tag', `wave=${wave}`, '--tag', 'team=data'];
    const stopped = await dms('fleet', 'stop', ...tags, ...why, '-o', 'json');
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    const { results } = v.parse(schemas.fleet, JSON.parse(stopped.stdout));
    expect(Object.keys(results).toSorted()).toEqual([first, second].toSorted());
    expect(simulator.count('StopReplication', other)).toBe(0);

    const listed = await dms('fleet', 'status', '--tag', `wave=${wave}`, '-o', 'json');
    const summaries = v.parse(schemas.list, JSON.parse(listed.stdout));
    expect(summaries.map(({ replicationConfigArn, state }) => [replicationConfigArn, state])).toEqual([
      [first, 'stopped'],
      [second, 'stopped'],
      [other, 'unknown'],
    ]);

    const resumed = await dms('fleet', 'resume', ...tags, ...why, '--verify', '0');
    const shown = [`2 in eu-west-1 with the tags: wave=${wave}, team=data`, `  ${first}`, `  ${second}`];
    expect(linesOf(resumed.stderr).slice(0, 3)).toEqual(shown);
    expect(resumed.stdout).toContain('2 resumed');
    expect(resumed.code).toBe(0);
  });

  test('is not started when no replication has the tags', async () => {
    const { code, stdout, stderr } = await dms('fleet', 'stop', '--tag', 'wave=none', '--tag', 'team', ...why);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('No replication in eu-west-1 has the tags: wave=none, team');
    expect(stderr).toContain('aws dms list-tags-for-resource');
  });
});

describe('the replications that tags choose', () => {
  let simulator: DmsSimulator;
  beforeAll(async () => {
    simulator = await startDmsSimulator(quick);
  });
  afterAll(() => simulator.close());

  /** Lists what a stop would stop. No server is needed. */
  const find = async (tags: readonly string[], env: Record<string, string> = {}) => {
    const options = tags.flatMap((tag) => ['--tag', tag]);
    const nowhere = ['--address', '127.0.0.1:1', '--disable-config-file'];
    return runCliProcess(['fleet', 'stop', '--dry-run', ...options, ...nowhere], simulator, { env });
  };
  const found = async (...tags: readonly string[]) => {
    const { code, stdout } = await find(tags);
    expect(code).toBe(0);
    return linesOf(stdout);
  };

  test('have every tag, with the value or with any value', async () => {
    const create = (tags: Record<string, string>) => simulator.createReplication({ tags });
    const [plain, empty, equal] = [create({ kind: 'a' }), create({ kind: '' }), create({ kind: 'a=b', more: 'x' })];
    simulator.createReplication();
    create({ Kind: 'a', kinds: 'a' });
    create({ more: 'kind' });
    expect(await found('kind')).toEqual([plain, empty, equal]);
    expect(await found('kind=a')).toEqual([plain]);
    expect(await found('kind=')).toEqual([empty]);
    expect(await found('kind=a=b')).toEqual([equal]);
    expect(await found('kind', 'more=x')).toEqual([equal]);
    expect((await find(['kind=a', 'kind=a=b'])).code).toBe(3);
  });

  test('come from all pages, with few requests and no change', async () => {
    const many = Array.from({ length: 130 }, (_, n) => simulator.createReplication({ tags: { page: String(n % 2) } }));
    const total = simulator.replications().length;
    const before = simulator.calls.length;
    expect(await found('page')).toEqual(many);
    const calls = simulator.calls.slice(before).map(({ operation }) => operation);
    const pages = Math.ceil(total / 100);
    expect(calls.filter((operation) => operation === 'DescribeReplicationConfigs')).toHaveLength(pages);
    expect(calls.filter((operation) => operation === 'ListTagsForResource')).toHaveLength(Math.ceil(total / 50));
    expect(calls).toHaveLength(pages + Math.ceil(total / 50));
  });

  test('are found although another one goes away, and although DMS throttles', async () => {
    const [gone, here] = [1, 2].map(() => simulator.createReplication({ tags: { gone: 'maybe' } }));
    const replicationConfigArn = gone ?? '';
    const operation = 'ListTagsForResource';
    simulator.fault({ operation, type: 'row-missing', hides: 'row-and-config', replicationConfigArn, times: 2 });
    simulator.fault({ operation: 'DescribeReplicationConfigs', type: 'throttle', times: 2 });
    expect(await found('gone')).toEqual([here]);
    simulator.clearFaults();
    expect(await found('gone')).toEqual([gone, here]);
  });

  test('are not found without permission, credentials or region, and the hint says what is missing', async () => {
    simulator.setPolicy([{ Effect: 'Allow', Action: 'dms:Describe*', Resource: '*' }]);
    const denied = await find(['kind']);
    simulator.setPolicy(null);
    expect(denied).toMatchObject({ code: 7, stdout: '' });
    expect(denied.stderr).toMatch(
      /AccessDeniedException: [^]*dms:DescribeReplicationConfigs and dms:ListTagsForResource/,
    );
    const none = { AWS_SHARED_CREDENTIALS_FILE: '/nonexistent', AWS_CONFIG_FILE: '/nonexistent' };
    const anonymous = await find(['kind'], { ...none, AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' });
    expect(anonymous).toMatchObject({ code: 7, stderr: expect.stringContaining('AWS_PROFILE') });
    const nowhere = await find(['kind'], { ...none, AWS_REGION: '' });
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('Set AWS_REGION') });
  });

  test('are printed as JSON by a dry run, as are those that names choose', async () => {
    const arn = simulator.createReplication({ tags: { json: 'yes' } });
    const dryRun = ['fleet', 'resume', '--dry-run', '--disable-config-file', '-o', 'json'];
    for (const chosen of [['--tag', 'json'], [arn]]) {
      const { code, stdout } = await runCliProcess([...dryRun, ...chosen], simulator);
      expect([code, JSON.parse(stdout)]).toEqual([0, [{ replicationConfigArn: arn }]]);
    }
    expect(simulator.count('StartReplication')).toBe(0);
  });
});
