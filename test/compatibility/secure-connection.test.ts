/** Connections with TLS, client certificates and API keys, over a real TLS listener in front of the server. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { makeCertificates, pemOf, type Certificates } from '../support/certificates.js';
import { runCli } from '../support/cli.js';
import { quick, until } from '../support/stage.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';
import { killWorkersAfterAll, start, workerEnv } from '../support/worker-program.js';

killWorkersAfterAll();

const API_KEY = 'key-of-the-test';

let certificates: Certificates;
let simulator: DmsSimulator;
/** Proxies: with TLS alone, with client certificates, and with an API key. */
let proxies: Record<'tls' | 'mutual' | 'keyed', TlsProxy>;
beforeAll(async () => {
  certificates = makeCertificates();
  const open = (options?: Parameters<typeof startTlsProxy>[2]) =>
    startTlsProxy(inject('temporalAddress'), certificates, options);
  const [tls, mutual, keyed] = await Promise.all([open(), open({ requestCert: true }), open({ apiKey: API_KEY })]);
  proxies = { tls, mutual, keyed };
  simulator = await startDmsSimulator(quick);
});
afterAll(async () => {
  await Promise.all(Object.values(proxies).map((proxy) => proxy[Symbol.asyncDispose]()));
  await simulator.close();
  certificates[Symbol.dispose]();
});

const addressOf = (name: keyof typeof proxies, host = 'localhost') => `${host}:${proxies[name].port}`;
/** Lists nothing: no ledger is both of these. The output names the server that was asked. */
const list = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(['list', '--state', 'starting', '--sealed', '--reserved', ...args], { env });
const answerOf = (address: string) => ({ code: 0, stdout: expect.stringContaining(` at ${address}.`), stderr: '' });

describe.concurrent('the command line, with TLS,', () => {
  const ca = () => ['--tls-ca-path', certificates.ca];
  const clientCertificate = (who: 'client' | 'stranger') => [
    '--tls-cert-path',
    certificates[who].cert,
    '--tls-key-path',
    certificates[who].key,
  ];
  const at = (name: keyof typeof proxies, host?: string) => [
    '--disable-config-file',
    '--address',
    addressOf(name, host),
  ];

  test.each([
    ['the path of the authority', () => ca()],
    ['the authority itself', () => ['--tls-ca-data', pemOf(certificates.ca)]],
  ])('reaches a server with %s', async (_what, flags) => {
    expect(await list([...at('tls'), ...flags()])).toEqual(answerOf(addressOf('tls')));
  });

  test.each([
    ['by their paths', () => clientCertificate('client')],
    [
      'themselves',
      () => ['--tls-cert-data', pemOf(certificates.client.cert), '--tls-key-data', pemOf(certificates.client.key)],
    ],
  ])('sends a client certificate and its key, given %s', async (_what, flags) => {
    expect(await list([...at('mutual'), ...ca(), ...flags()])).toEqual(answerOf(addressOf('mutual')));
  });

  test('reaches a server by another name than that of the certificate, with --tls-server-name', async () => {
    const args = [...at('tls', '127.0.0.1'), ...ca()];
    expect(await list([...args, '--tls-server-name', 'temporal.test'])).toEqual(
      answerOf(addressOf('tls', '127.0.0.1')),
    );
    expect((await list(args)).code).toBe(6);
    expect((await list([...args, '--tls-server-name', 'other.test'])).code).toBe(6);
  });

  test.each<[what: string, to: 'tls' | 'mutual', flags: () => readonly string[]]>([
    ['without the authority of the server', 'tls', () => ['--tls']],
    ['without TLS', 'tls', () => []],
    ['with TLS turned off', 'tls', () => [...ca(), '--tls=false']],
    ['without a client certificate that the server wants', 'mutual', () => ca()],
    ['with the client certificate of another authority', 'mutual', () => [...ca(), ...clientCertificate('stranger')]],
  ])('gets no answer %s, and exits with 6', async (_what, to, flags) => {
    const { code, stderr } = await list([...at(to), ...flags()]);
    expect(stderr).toContain(`No Temporal server answers at ${addressOf(to)}`);
    expect(code).toBe(6);
  });

  test('sends the API key as a bearer token with every request', async () => {
    expect(await list([...at('keyed'), ...ca(), '--api-key', API_KEY])).toEqual(answerOf(addressOf('keyed')));
  });

  test('exits with 7 when the server refuses the API key', async () => {
    for (const flags of [['--api-key', 'wrong'], []]) {
      const { code, stderr } = await list([...at('keyed'), ...ca(), ...flags]);
      expect(stderr).toMatch(/Temporal denies access: unknown API key[^]*--api-key/);
      expect(code).toBe(7);
    }
  });

  test('never sends an API key without TLS, unless TLS is turned off', async () => {
    const address = inject('temporalAddress');
    const args = ['--disable-config-file', '--address', address, '--api-key', API_KEY];
    expect((await list(args)).code).toBe(6);
    expect((await list([...args, '--no-tls'])).code).toBe(0);
  });
});

describe('a profile file', () => {
  let file: string;
  beforeAll(() => {
    file = join(certificates.folder, 'temporal.toml');
    const profile = (name: string, more: string) => `
      [profile.${name}]
      address = "${addressOf('tls')}"
      api_key = "key-of-${name}"
      ${more}
      [profile.${name}.tls]
      server_ca_cert_path = "${certificates.ca}"
      [profile.${name}.grpc_meta]
      team = "team-of-${name}"`;
    writeFileSync(file, [profile('default', ''), profile('other', 'namespace = "of-other"')].join('\n'));
  });
  /** Runs `list`. Returns its result, and the headers of its last request. */
  const seen = async (env: Record<string, string>, args: readonly string[] = []) => {
    const result = await list(args, env);
    const { authorization, team } = proxies.tls.requests.at(-1) ?? {};
    return { ...result, key: authorization?.replace('Bearer ', ''), team };
  };

  test('gives the address, the TLS settings, the API key and the headers', async () => {
    expect(await seen({ TEMPORAL_CONFIG_FILE: file })).toMatchObject({
      ...answerOf(addressOf('tls')),
      key: 'key-of-default',
      team: 'team-of-default',
    });
    expect((await seen({}, ['--config-file', file])).key).toBe('key-of-default');
  });

  test('comes after the variables, and the variables come after the options', async () => {
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_API_KEY: 'key-of-env', TEMPORAL_GRPC_META_TEAM: 'team-of-env' };
    expect(await seen(env)).toMatchObject({ code: 0, key: 'key-of-env', team: 'team-of-env' });
    expect(await seen(env, ['--api-key', 'key-of-flag', '--grpc-meta', 'team=team-of-flag'])).toMatchObject({
      code: 0,
      key: 'key-of-flag',
      team: 'team-of-flag',
    });
    expect(await seen({ ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' }, ['--address', addressOf('tls')])).toMatchObject(
      answerOf(addressOf('tls')),
    );
    expect(await seen({ ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('127.0.0.1:1'),
    });
  });

  test('has profiles, which a variable and before it an option choose', async () => {
    const other = { stderr: expect.stringContaining('of-other'), code: 3, key: 'key-of-other', team: 'team-of-other' };
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'other' };
    expect(await seen(env)).toMatchObject(other);
    expect(await seen({ TEMPORAL_CONFIG_FILE: file }, ['--profile', 'other'])).toMatchObject(other);
    expect(await seen(env, ['--profile', 'default'])).toMatchObject({ code: 0, key: 'key-of-default' });
    expect(await seen(env, ['--namespace', 'default'])).toMatchObject({ code: 0, key: 'key-of-other' });
  });

  test('does not count with --disable-config-file, and the variables do not with --disable-config-env', async () => {
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_TLS: 'false' };
    expect(await list(['--disable-config-file'], env)).toEqual(answerOf(inject('temporalAddress')));
    expect(
      await seen({ ...env, TEMPORAL_API_KEY: 'x' }, ['--disable-config-env', '--config-file', file]),
    ).toMatchObject({
      ...answerOf(addressOf('tls')),
      key: 'key-of-default',
    });
  });

  test('serves the ready-made worker, too', async () => {
    const { TEMPORAL_ADDRESS: _, ...env } = workerEnv(`profile-${randomUUID()}`, simulator);
    const worker = start({ ...env, TEMPORAL_CONFIG_FILE: file });
    await until('it runs', () => worker.has('running') ?? worker.has('failed'));
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    expect(worker.has('connecting')).toMatchObject({ address: addressOf('tls') });
  });
});

describe.concurrent('the ready-made worker, with TLS,', () => {
  const tls = (who?: 'client' | 'stranger'): Record<string, string> => ({
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
    ...(who === undefined
      ? {}
      : { TEMPORAL_TLS_CLIENT_CERT_PATH: certificates[who].cert, TEMPORAL_TLS_CLIENT_KEY_PATH: certificates[who].key }),
  });

  test.each<[how: string, to: keyof typeof proxies, env: () => Record<string, string>]>([
    ['a client certificate', 'mutual', () => tls('client')],
    ['an API key', 'keyed', () => ({ ...tls(), TEMPORAL_API_KEY: API_KEY })],
  ])('serves a stop over a connection with %s', async (_how, to, env) => {
    const taskQueue = `secure-${randomUUID()}`;
    const worker = start({ ...workerEnv(taskQueue, simulator), TEMPORAL_ADDRESS: addressOf(to), ...env() });
    const arn = simulator.createReplication();
    const args = ['stop', arn, '--reason', 'test', '--settle', '0', '--self-restart-grace', '0', '-o', 'json'];
    const settings = { TEMPORAL_ADDRESS: addressOf(to), TEMPORAL_TASK_QUEUE: taskQueue, ...env() };
    const { code, stdout } = await runCli([...args, '--disable-config-file'], { env: settings });
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ outcome: 'stopped' })]);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    const paths = proxies[to].requests.map((request) => request[':path']?.split('/').at(-1));
    expect(paths).toEqual(expect.arrayContaining(['PollWorkflowTaskQueue', 'RespondActivityTaskCompleted']));
  });

  test.each<[what: string, to: keyof typeof proxies, env: () => Record<string, string>, says: RegExp]>([
    ['no authority of the server', 'tls', () => ({ TEMPORAL_TLS: 'true' }), /No Temporal server answers/],
    ['no client certificate', 'mutual', () => tls(), /No Temporal server answers/],
    ['a certificate of another authority', 'mutual', () => tls('stranger'), /No Temporal server answers/],
    [
      'a wrong API key',
      'keyed',
      () => ({ ...tls(), TEMPORAL_API_KEY: 'wrong' }),
      /denies this worker access: .*unknown API key.*TEMPORAL_API_KEY/,
    ],
  ])('exits with 1 for %s', async (_what, to, env, says) => {
    const worker = start({ ...workerEnv('secure', simulator), TEMPORAL_ADDRESS: addressOf(to), ...env() });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(says);
  });
});
