import { describe, expect, test } from 'vitest';
import { pasteable } from '../../src/cli/pasteable.js';

const place = { address: 'temporal.example.com:7233', namespace: 'prod' };
const flags = '--address temporal.example.com:7233 --namespace prod';

describe('a command in the output repeats the flags of the connection', () => {
  test.each([
    ['temporal dms status X --watch', `temporal dms ${flags} status X --watch`],
    ['Start one: temporal-dms worker --task-queue q', `Start one: temporal-dms ${flags} worker --task-queue q`],
    [
      'Cancel it: temporal dms cancel X (or: temporal workflow cancel --workflow-id dms:X)',
      `Cancel it: temporal dms ${flags} cancel X (or: temporal workflow ${flags} cancel --workflow-id dms:X)`,
    ],
    ['temporal activity unpause --workflow-id w', `temporal activity ${flags} unpause --workflow-id w`],
    ['temporal task-queue describe --task-queue q', `temporal task-queue ${flags} describe --task-queue q`],
    [
      'temporal operator namespace create --namespace prod',
      'temporal operator --address temporal.example.com:7233 namespace create --namespace prod',
    ],
    // A table breaks lines between words.
    ['temporal\n    dms doctor', `temporal\n    dms ${flags} doctor`],
  ])('%j', (text, expected) => expect(pasteable(place)(text)).toBe(expected));

  test.each([
    'Start a server: temporal server start-dev',
    'See temporal-dms --help.',
    'temporal-dms does not support --env',
    'the Nexus service temporal-dms',
  ])('"%s" names no such command', (text) => expect(pasteable(place)(text)).toBe(text));
});

test('flags are quoted for a shell, and switches keep their sense', () =>
  expect(
    pasteable({ profile: 'my team', tls: false, disableConfigEnv: true, tlsCaPath: './ca.pem' })('temporal dms list'),
  ).toBe("temporal dms --profile 'my team' --disable-config-env --tls=false --tls-ca-path ./ca.pem list"));

test('only the doctor repeats the task queue, unless its command names one', () => {
  const complete = pasteable({ taskQueue: 'migrations' });
  expect(complete('temporal dms doctor ORDERS')).toBe('temporal dms --task-queue migrations doctor ORDERS');
  for (const text of ['temporal dms list', 'temporal dms doctor --task-queue other']) expect(complete(text)).toBe(text);
});

test('a text that is complete stays as it is', () => {
  const complete = pasteable({ ...place, tls: false, disableConfigFile: true });
  const once = complete('temporal dms list (or: temporal workflow list)');
  expect(complete(once)).toBe(once);
});

test('secrets are never repeated', () => {
  const secrets = { apiKey: 'secret', grpcMeta: ['token=secret'], tlsKeyData: 'secret', tlsCertData: 'secret' };
  expect(pasteable(secrets)('temporal dms list')).toBe('temporal dms list');
});
