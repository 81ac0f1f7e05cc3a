import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIamPermissions } from '../../src/iam/index.js';
import { parseReplicationConfigArn } from '../../src/index.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { listen } from '../support/http-servers.js';

const [stop, start] = ['dms:StopReplication', 'dms:StartReplication'];
const actions = [stop, start] as [string, string];
const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';

type Config = ReturnType<DmsSimulator['clientConfig']>;

function read(configOf: (region: string, accountId: string) => Config, replication = arn) {
  const source = createIamPermissions({
    iamFor: ({ region, accountId }) => new IAMClient({ ...configOf(region, accountId), maxAttempts: 1 }),
    stsFor: ({ region, accountId }) => new STSClient({ ...configOf(region, accountId), maxAttempts: 1 }),
  });
  return source.read(parseReplicationConfigArn(replication), actions, AbortSignal.timeout(5000));
}

describe('the permissions of a user', () => {
  let simulator: DmsSimulator;
  beforeEach(async () => {
    simulator = await startDmsSimulator({ speed: 1 });
  });
  afterEach(() => simulator.close());
  const ask = (replication?: string) =>
    read((region, accountId) => simulator.clientConfig(region, accountId), replication);
  const simulate = { Effect: 'Allow', Action: 'iam:SimulatePrincipalPolicy', Resource: '*' } as const;

  test('are complete if the policy allows both actions', async () => {
    expect(await ask()).toEqual({ denied: [], undecided: [], reason: null });
    simulator.setPolicy([simulate, { Effect: 'Allow', Action: 'dms:*Replication', Resource: '*:ORDERS' }]);
    expect(await ask()).toEqual({ denied: [], undecided: [], reason: null });
    expect(simulator.calls.map(({ operation, outcome }) => `${operation} ${outcome}`).slice(0, 2)).toEqual([
      'GetCallerIdentity ok',
      'SimulatePrincipalPolicy ok',
    ]);
  });

  test('lack what the policy denies, or does not allow for this replication', async () => {
    const allow = { Effect: 'Allow', Action: actions, Resource: '*:ORDERS' } as const;
    simulator.setPolicy([simulate, allow, { Effect: 'Deny', Action: start, Resource: '*' }]);
    expect(await ask()).toEqual({ denied: [start], undecided: [], reason: null });
    expect(await ask(arn.replace('ORDERS', 'OTHERS'))).toEqual({ denied: actions, undecided: [], reason: null });
  });

  test('are those of the account of the replication', async () => {
    await ask(arn.replace('123456789012', '210987654321'));
    const [identity, simulation] = simulator.calls;
    expect([identity?.accountId, simulation?.input['PolicySourceArn']]).toEqual([
      '210987654321',
      'arn:aws:iam::210987654321:user/simulated',
    ]);
  });

  test("can't be read if the policy does not allow the simulation, and the error names the action", async () => {
    simulator.setPolicy([{ Effect: 'Allow', Action: 'dms:*', Resource: '*' }]);
    await expect(ask()).rejects.toThrow(/AccessDenied.*iam:SimulatePrincipalPolicy/);
  });
});

describe('the permissions of a role', () => {
  const session = 'arn:aws:sts::123456789012:assumed-role/worker/session';
  const role = 'arn:aws:iam::123456789012:role/worker';
  const withPath = 'arn:aws:iam::123456789012:role/teams/dms/worker';

  /** Plays STS and IAM for an account with one role. */
  async function serve(ownArn: string, decisions: Readonly<Record<string, string>>, refusal: string | null = null) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const input = new URLSearchParams(body);
        const action = input.get('Action') ?? '';
        asked.push(`${action} ${input.get('PolicySourceArn') ?? input.get('RoleName') ?? ''}`.trim());
        const send = (status: number, xml: string) =>
          response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
        const wrap = (inner: string) =>
          send(200, `<${action}Response><${action}Result>${inner}</${action}Result></${action}Response>`);
        if (action === 'GetCallerIdentity') return wrap(`<Arn>${session}</Arn>`);
        if (action === 'GetRole') return wrap(`<Role><Arn>${ownArn}</Arn></Role>`);
        if (refusal !== null || input.get('PolicySourceArn') !== ownArn)
          return send(
            404,
            `<ErrorResponse><Error><Code>${refusal ?? 'NoSuchEntity'}</Code><Message>None</Message></Error></ErrorResponse>`,
          );
        const results = Object.entries(decisions).map(
          ([name, decision]) => `<member><EvalActionName>${name}</EvalActionName>${decision}</member>`,
        );
        return wrap(`<EvaluationResults>${results.join('')}</EvaluationResults>`);
      });
    });
    const { endpoint, [Symbol.asyncDispose]: dispose } = await listen(server);
    const credentials = { accessKeyId: 'SIMULATED', secretAccessKey: 'simulated' };
    return { asked, read: () => read((region) => ({ region, endpoint, credentials })), [Symbol.asyncDispose]: dispose };
  }
  const decision = (word: string) => `<EvalDecision>${word}</EvalDecision>`;
  const missing = '<MissingContextValues><member>dms:replication-config-tag/team</member></MissingContextValues>';

  test('are asked for by the ARN of the role, not of its session', async () => {
    await using server = await serve(role, { [stop]: decision('allowed'), [start]: decision('implicitDeny') });
    expect(await server.read()).toEqual({ denied: [start], undecided: [], reason: null });
    expect(server.asked).toEqual(['GetCallerIdentity', `SimulatePrincipalPolicy ${role}`]);
  });

  test('are asked for by the whole ARN of a role with a path', async () => {
    await using server = await serve(withPath, { [stop]: decision('allowed'), [start]: decision('allowed') });
    expect(await server.read()).toEqual({ denied: [], undecided: [], reason: null });
    expect(server.asked.slice(2)).toEqual(['GetRole worker', `SimulatePrincipalPolicy ${withPath}`]);
  });

  const within = '<ResourceSpecificResults><member><EvalResourceName>x</EvalResourceName>';
  const byOrganization =
    '<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>';
  test.each([
    ['a condition needs a value that IAM does not know', `${decision('implicitDeny')}${missing}`, 'it depends on'],
    ['such a condition may deny what is allowed', `${decision('allowed')}${missing}`, 'it depends on'],
    [
      'IAM names the value for the replication only',
      `${decision('implicitDeny')}${within}${missing}</member></ResourceSpecificResults>`,
      'it depends on dms:replication-config-tag/team',
    ],
    ['a service control policy denies', `${decision('implicitDeny')}${byOrganization}`, 'a service control policy'],
  ])('are undecided where %s', async (_, answer, reason) => {
    await using server = await serve(role, { [stop]: answer, [start]: decision('allowed') });
    expect(await server.read()).toEqual({ denied: [], undecided: [stop], reason: expect.stringContaining(reason) });
  });

  test('are undecided where IAM gives no answer', async () => {
    await using server = await serve(role, { [start]: decision('allowed') });
    expect(await server.read()).toEqual({ denied: [], undecided: [stop], reason: 'IAM gives no answer' });
  });

  test('keep the error of IAM if the role has no path', async () => {
    await using server = await serve(role, {}, 'AccessDenied');
    await expect(server.read()).rejects.toThrow(/AccessDenied/);
    expect(server.asked).toEqual(['GetCallerIdentity', `SimulatePrincipalPolicy ${role}`, 'GetRole worker']);
  });
});
