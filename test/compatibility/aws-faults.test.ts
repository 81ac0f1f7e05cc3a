/** Brings about every documented fault, and reads its name and message with AWS's own clients. */
import * as sdk from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { config } from '../support/dms-http.js';
import { awsEnvironment, awsPython, run, runPython } from './support.js';

interface Case {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Control requests that are sent first: path and body. */
  readonly before: readonly (readonly [path: string, body: object])[];
  readonly told: readonly [name: string, message: string];
}

const arnOf = (id: string) => `arn:aws:dms:eu-west-1:123456789012:replication-config:${id}`;
const named = (id: string) => ({ ReplicationConfigArn: arnOf(id) });
const resumed = (id: string) => ({ ...named(id), StartReplicationType: 'resume-processing' });
const create = (operation: Partial<Case> & Pick<Case, 'told'>): Case => ({
  operation: 'CreateReplicationConfig',
  input: config('new-one'),
  before: [],
  ...operation,
});
/** Returns a control request for an error that the simulator never raises by itself, with AWS's documented message. */
const injected = ([name, message]: Case['told']) =>
  [['faults', { type: 'error', operation: 'CreateReplicationConfig', name, message }]] as const;
const denied =
  'User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: dms:StopReplication on resource: ' +
  `${arnOf('running')} because no identity-based policy allows the dms:StopReplication action`;

/**
 * Faults that AWS's model declares, faults that DMS uses without a declaration, and faults common to AWS's services.
 *
 * The simulator has a quota of three configs, and three exist.
 */
const cases: readonly Case[] = [
  {
    operation: 'StopReplication',
    input: named('provisioning'),
    before: [],
    told: [
      'InvalidResourceStateFault',
      "Replication for Replication Config, 'provisioning' is in 'provisioning_capacity' state and cannot be stopped.",
    ],
  },
  {
    operation: 'StartReplication',
    input: resumed('stopped'),
    before: [['act', { action: 'modify', replicationConfigArn: arnOf('stopped') }]],
    told: [
      'InvalidResourceStateFault',
      'Replication for Replication Config: stopped is in MODIFYING state and cannot start',
    ],
  },
  {
    operation: 'StartReplication',
    input: { ...named('stopped'), StartReplicationType: 'start-replication' },
    before: [['clock', { minutes: 5 }]],
    told: [
      'InvalidParameterCombinationException',
      'Start Type : START_REPLICATION, valid only for replications running for the first time',
    ],
  },
  {
    operation: 'StopReplication',
    input: named('gone'),
    before: [],
    told: ['ResourceNotFoundFault', `Replication Config '${arnOf('gone')}' was not found`],
  },
  {
    operation: 'StopReplication',
    input: { ReplicationConfigArn: 'running' },
    before: [],
    told: ['InvalidParameterValueException', 'The parameter ReplicationConfigArn must provide a valid ARN: running'],
  },
  create({
    input: config('swapped', { SourceEndpointArn: 'arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1' }),
    told: [
      'InvalidParameterValueException',
      'ReplicationEngineType [id=1, name=mysql, cdcSupported=Y, endpointType=TARGET, serviceType=AWS, externalName=MySQL, rvn=1] endpoint must be of type SOURCE',
    ],
  }),
  {
    operation: 'ModifyReplicationConfig',
    input: { ...named('stopped'), ReplicationType: 'cdc' },
    before: [],
    told: [
      'InvalidParameterValueException',
      'replication-type cannot be modified as the replication is in provisioned. You can only modify replication configs before provisioning capacity.',
    ],
  },
  {
    operation: 'ModifyReplicationConfig',
    input: named('stopped'),
    before: [],
    told: [
      'InvalidParameterCombinationException',
      `No modifications requested for replication config with arn, '${arnOf('stopped')}'`,
    ],
  },
  create({
    input: config('running'),
    told: ['ResourceAlreadyExistsFault', 'Replication Config running already exists'],
  }),
  create({ told: ['ResourceQuotaExceededFault', 'The quota of 3 replication configs is exceeded'] }),
  ...(
    [
      ['AccessDeniedFault', 'DMS was denied access to the endpoint. Check that the role is correctly configured.'],
      ['InvalidSubnet', "The subnet provided isn't valid."],
      ['KMSKeyNotAccessibleFault', 'DMS cannot access the KMS key.'],
      [
        'ReplicationSubnetGroupDoesNotCoverEnoughAZs',
        'The replication subnet group does not cover enough Availability Zones (AZs). Edit the replication subnet group and add more AZs.',
      ],
    ] as const
  ).map((told) => create({ before: injected(told), told })),
  {
    operation: 'StopReplication',
    input: named('running'),
    before: [['faults', { operation: 'StopReplication', type: 'expired-credentials' }]],
    told: ['ExpiredTokenException', 'The security token included in the request is expired'],
  },
  {
    operation: 'DescribeReplications',
    input: {},
    before: [['faults', { operation: 'DescribeReplications', type: 'throttle' }]],
    told: ['ThrottlingException', 'Rate exceeded'],
  },
  {
    operation: 'StopReplication',
    input: named('running'),
    before: [['policy', { statements: [{ Effect: 'Allow', Action: 'dms:Describe*', Resource: '*' }] }]],
    told: ['AccessDeniedException', denied],
  },
];

let simulator: DmsSimulator;
let program: (name: string) => string;
beforeAll(async () => {
  program = await awsPython();
});
beforeEach(async () => {
  simulator = await startDmsSimulator({ speed: 0, uncertain: { quota: 3 } });
  simulator.createReplication({ identifier: 'running', resourceIdentifier: 'running' });
  simulator.createReplication({ identifier: 'stopped', resourceIdentifier: 'stopped', status: 'stopped' });
  simulator.createReplication({
    identifier: 'provisioning',
    resourceIdentifier: 'provisioning',
    status: 'provisioning_capacity',
  });
});
afterEach(() => simulator.close());

async function control(path: string, body: object): Promise<void> {
  const response = await fetch(`${simulator.endpoint}/_simulator/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

/** Returns the error that a client reads in each case. */
async function toldFor(refusal: (each: Case) => Promise<unknown>): Promise<unknown[]> {
  const told: unknown[] = [];
  for (const each of cases) {
    for (const [path, body] of each.before) await control(path, body);
    told.push(await refusal(each));
  }
  return told;
}

describe('each documented fault arrives with its name and its message', () => {
  const expected = cases.map(({ told }) => told);

  test('in the AWS SDK for JavaScript', async () => {
    const client = new sdk.DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 1 });
    const commands = sdk as unknown as Record<string, new (input: object) => never>;
    const told = await toldFor(async ({ operation, input }) => {
      const Command = commands[`${operation}Command`];
      if (Command === undefined) throw new Error(`The SDK has no ${operation}`);
      return client.send(new Command(input)).then(
        () => 'accepted',
        (err: Error) => [err.name, err.message],
      );
    });
    expect(told).toEqual(expected);
  });

  test('in boto3', async () => {
    expect(await runPython(program('python'), 'faults', simulator.endpoint, cases)).toEqual(expected);
  });

  test('in the AWS CLI', async () => {
    const env = awsEnvironment(simulator.endpoint);
    const told = await toldFor(async ({ operation, input }) => {
      const command = operation.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
      const call = run(program('aws'), ['dms', command, '--cli-input-json', JSON.stringify(input)], { env });
      const said = await call.then(
        () => 'accepted',
        (err: { stderr: string }) => err.stderr,
      );
      const pattern = /\((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: (.*)/;
      return pattern.exec(said)?.slice(1) ?? said;
    });
    expect(told).toEqual(expected);
  });
});
