import { randomUUID } from 'node:crypto';
import { AwsFault } from '../engine/aws-fault.js';
import type { Reply, Request } from './http.js';
import { decide, denial, isAllowed, userOf, type Statement } from './iam.js';
import { callerOf, DEFAULT_ACCOUNT, type Caller } from './signature.js';

/** Maximum number of actions and of resources in a simulation. */
const MAX_MEMBERS = 100;
const NAMESPACES = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
} as const;

/** Parameters of a request in the query protocol. */
type Parameters = Readonly<Record<string, string>>;

/** True for a request in AWS's query protocol, which STS and IAM speak. */
export function isQuery(headers: Request['headers']): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
}

/**
 * Answers `GetCallerIdentity` of STS and `SimulatePrincipalPolicy` of IAM. The account's only identity is a user with
 * the policy of the simulator.
 */
export function answerQuery(headers: Request['headers'], body: string, policy: readonly Statement[] | null) {
  const input: Parameters = Object.fromEntries(new URLSearchParams(body));
  const operation = (input['Action'] ?? '').slice(0, 200);
  let caller: Caller = { accountId: DEFAULT_ACCOUNT, region: '' };
  try {
    caller = callerOf(headers.authorization ?? '');
    const reply = answerAction(input, caller.accountId, policy);
    return { reply, call: { operation, ...caller, input, outcome: 'ok' } };
  } catch (err) {
    if (!(err instanceof AwsFault)) throw err;
    return { reply: faultReply(err), call: { operation, ...caller, input, outcome: err.type } };
  }
}

function answerAction(input: Parameters, accountId: string, policy: readonly Statement[] | null): Reply {
  const { Action: action = '', PolicySourceArn: source = '' } = input;
  const user = userOf(accountId);
  if (action === 'GetCallerIdentity')
    return result('sts', action, `${text('Arn', user)}${text('UserId', 'simulated')}${text('Account', accountId)}`);
  if (action !== 'SimulatePrincipalPolicy')
    throw new AwsFault('InvalidAction', `Could not find operation ${action.slice(0, 200)}`, 400);
  if (policy !== null && !isAllowed(policy, 'iam:SimulatePrincipalPolicy', source))
    throw new AwsFault('AccessDenied', denial('iam:SimulatePrincipalPolicy', accountId, source), 403);
  if (source !== user) throw new AwsFault('NoSuchEntity', `The identity ${source.slice(0, 200)} can not be found`, 404);
  const resources = membersOf(input, 'ResourceArns');
  const results = membersOf(input, 'ActionNames').flatMap((name) =>
    (resources.length === 0 ? ['*'] : resources).map((arn) => {
      const decision = policy === null ? 'allowed' : decide(policy, name, arn);
      const values = `${text('EvalActionName', name)}${text('EvalResourceName', arn)}${text('EvalDecision', decision)}`;
      return element('member', `${values}${element('MissingContextValues', '')}`);
    }),
  );
  return result('iam', action, `${text('IsTruncated', 'false')}${element('EvaluationResults', results.join(''))}`);
}

/** Returns a list: `Name.member.1` and so on. */
function membersOf(input: Parameters, name: string): readonly string[] {
  const members: string[] = [];
  for (let n = 1; n <= MAX_MEMBERS + 1; n++) {
    const value = input[`${name}.member.${n}`];
    if (value === undefined) return members;
    if (n > MAX_MEMBERS) break;
    members.push(value);
  }
  throw new AwsFault('ValidationError', `At most ${MAX_MEMBERS} ${name} are taken`, 400);
}

/** Returns an error in the format of the query protocol. */
function faultReply({ type, message, status }: AwsFault): Reply {
  const error = element('Error', `${text('Type', 'Sender')}${text('Code', type)}${text('Message', message)}`);
  return xml(status, element('ErrorResponse', `${error}${text('RequestId', randomUUID())}`));
}

function result(service: keyof typeof NAMESPACES, action: string, values: string): Reply {
  const metadata = element('ResponseMetadata', text('RequestId', randomUUID()));
  const body = element(`${action}Result`, values);
  return xml(200, `<${action}Response xmlns="${NAMESPACES[service]}">${body}${metadata}</${action}Response>`);
}

function xml(status: number, body: string): Reply {
  return { status, type: 'text/xml', body };
}

function element(name: string, body: string): string {
  return `<${name}>${body}</${name}>`;
}

function text(name: string, value: string): string {
  return element(name, value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
}
