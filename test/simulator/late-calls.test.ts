import {
  DatabaseMigrationServiceClient,
  DatabaseMigrationServiceServiceException,
  DescribeReplicationsCommand,
  StartReplicationCommand,
  StopReplicationCommand,
} from '@aws-sdk/client-database-migration-service';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { look } from '../support/dms-http.js';
import { until } from '../support/stage.js';

let simulator: DmsSimulator;
let client: DatabaseMigrationServiceClient;
let arn: string;
const begin = async (options: DmsSimulatorOptions = {}) => {
  simulator = await startDmsSimulator({ speed: 0, ...options });
  const credentials = { accessKeyId: 'SIMULATED', secretAccessKey: 'simulated', sessionToken: 'a+$&token/==' };
  client = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), credentials, maxAttempts: 1 });
  arn = simulator.createReplication();
};
const end = async () => {
  client.destroy();
  await simulator.close();
};
beforeEach(() => begin());
afterEach(end);

const stop = () => client.send(new StopReplicationCommand({ ReplicationConfigArn: arn }));
const outcomes = () =>
  simulator.calls.filter(({ operation }) => operation.startsWith('St')).map(({ outcome }) => outcome);
const statusNow = async () => (await look(simulator, arn)).Status as string;
const thrownBy = async (answer: Promise<unknown>) => {
  const err = await answer.then(
    () => new Error('It was answered'),
    (thrown: unknown) => thrown,
  );
  if (err instanceof DatabaseMigrationServiceServiceException) return err;
  throw err;
};

describe('a late call', () => {
  /** Sends a command, and aborts it once the simulator has read it. */
  const sendAndGiveUp = async (command: StopReplicationCommand | StartReplicationCommand) => {
    const controller = new AbortController();
    const before = simulator.calls.length;
    const answer = client.send(command as StopReplicationCommand, { abortSignal: controller.signal });
    const givenUp = expect(answer).rejects.toThrow('aborted');
    await until('it was read', () => simulator.calls.length > before);
    controller.abort();
    await givenUp;
  };
  const stopLate = () => sendAndGiveUp(new StopReplicationCommand({ ReplicationConfigArn: arn }));

  test('stops the replication on delivery although the client has given up', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 45 });
    const sent = simulator.clock.now() / 1000;
    await stopLate();
    simulator.clock.advance({ seconds: 44 });
    expect([await statusNow(), outcomes()]).toEqual(['running', ['late']]);
    simulator.clock.advance({ seconds: 31 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopping', ReplicationUpdateTime: sent + 45 });
    expect(outcomes()).toEqual(['ok']);
  });

  test('starts a stopped replication but is rejected while it is already starting', async () => {
    simulator.stop(arn);
    simulator.clock.advance({ minutes: 5 });
    simulator.fault({ operation: 'StartReplication', type: 'late', seconds: 100, times: 2 });
    const input = { ReplicationConfigArn: arn, StartReplicationType: 'resume-processing' } as const;
    await sendAndGiveUp(new StartReplicationCommand(input));
    simulator.clock.advance({ seconds: 60 });
    await sendAndGiveUp(new StartReplicationCommand(input));
    simulator.clock.advance({ seconds: 40 });
    expect(await statusNow()).toBe('replication_starting');
    simulator.clock.advance({ seconds: 60 });
    expect([await statusNow(), outcomes()]).toEqual(['replication_starting', ['ok', 'InvalidResourceStateFault']]);
  });

  test('takes effect at its own time when the clock jumps past it', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 45 });
    await stopLate();
    simulator.clock.advance({ hours: 1 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', StopReason: 'Stop Reason NORMAL' });
  });

  test('has no effect once its signature is older than 300 seconds', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 301 });
    await stopLate();
    simulator.clock.advance({ minutes: 6 });
    expect([await statusNow(), outcomes()]).toEqual(['running', ['InvalidSignatureException']]);
  });

  test('is delivered without an advance when the clock runs', async () => {
    await end();
    await begin({ speed: 100 });
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 30 });
    await stopLate();
    await until('it is delivered', () => outcomes()[0] === 'ok');
    expect(['stopping', 'stopped']).toContain(await statusNow());
  });

  test('is dropped by a reset', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'late', seconds: 45 });
    await stopLate();
    simulator.reset();
    arn = simulator.createReplication();
    simulator.clock.advance({ minutes: 1 });
    expect(await statusNow()).toBe('running');
  });
});

describe('an error', () => {
  test('without a name is an empty answer, with or without an effect', async () => {
    simulator.fault({ operation: 'StopReplication', type: 'error', afterEffect: true });
    const err = await thrownBy(stop());
    expect([err.$metadata.httpStatusCode, err.message]).toEqual([400, 'UnknownError']);
    expect([await statusNow(), outcomes()]).toEqual(['stopping', ['HTTP 400']]);
    const said = { method: 'POST', headers: headersOf('DescribeReplications'), body: '{}' };
    simulator.fault({ operation: 'DescribeReplications', type: 'error' });
    expect(await (await fetch(simulator.endpoint, said)).text()).toBe('{}');
  });

  test('may name another resource, and has no effect', async () => {
    const message = "Premigration assessment run X is in 'running' state";
    simulator.fault({ operation: 'StopReplication', type: 'error', name: 'InvalidResourceStateFault', message });
    expect(await thrownBy(stop())).toMatchObject({ name: 'InvalidResourceStateFault', message });
    expect(await statusNow()).toBe('running');
  });

  test("echoes the caller's session token", async () => {
    const message = 'The token {token} is not valid: {token}';
    simulator.fault({ operation: '*', type: 'error', name: 'AccessDeniedException', message, times: 2 });
    expect((await thrownBy(stop())).message).toBe('The token a+$&token/== is not valid: a+$&token/==');
    const said = await fetch(simulator.endpoint, { method: 'POST', headers: headersOf('StopReplication'), body: '{}' });
    expect(await said.json()).toMatchObject({ message: 'The token  is not valid: ' });
  });
});

describe('the time of answers', () => {
  const seen = async () => client.send(new DescribeReplicationsCommand({}));
  /** Returns the time with which the client signs, in ms since the epoch. */
  const signsBy = () => Date.now() + client.config.systemClockOffset;

  test('is the simulated time, and clients sign with it', async () => {
    simulator.clock.advance({ days: 3, seconds: 7 });
    const response = await fetch(simulator.endpoint, { method: 'POST', headers: headersOf('DescribeReplications') });
    expect(response.headers.get('date')).toBe('Sun, 04 Jan 2026 00:00:07 GMT');
    await seen();
    expect(Math.abs(signsBy() - simulator.clock.now())).toBeLessThan(5000);
  });

  test('is left out of rejections because a client would retry them', async () => {
    const patient = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 3 });
    simulator.fault({ operation: 'StopReplication', type: 'invalid-state', status: 'modifying' });
    await thrownBy(patient.send(new StopReplicationCommand({ ReplicationConfigArn: arn })));
    expect(outcomes()).toEqual(['InvalidResourceStateFault']);
    patient.destroy();
  });

  test.each([
    [600, /^Signature expired: (\d{8}T\d{6}Z) is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/],
    [-600, /^Signature not yet current: (\d{8}T\d{6}Z) is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/],
  ])('that is %d seconds ahead makes DMS refuse the client until it corrects its clock', async (skewSeconds, said) => {
    await seen();
    simulator.fault({ operation: 'StopReplication', type: 'clock-skew', skewSeconds, times: 2 });
    const err = await thrownBy(stop());
    expect(err).toMatchObject({ name: 'InvalidSignatureException', message: expect.stringMatching(said) });
    expect(await statusNow()).toBe('running');
    await stop();
    expect(await statusNow()).toBe('stopping');
    await seen();
    expect(Math.abs(signsBy() - simulator.clock.now())).toBeLessThan(5000);
  });

  test('that is minutes ahead costs a client one retry', async () => {
    const patient = new DatabaseMigrationServiceClient({ ...simulator.clientConfig(), maxAttempts: 2 });
    simulator.fault({ operation: 'StopReplication', type: 'clock-skew', skewSeconds: 600 });
    await patient.send(new StopReplicationCommand({ ReplicationConfigArn: arn }));
    expect(outcomes()).toEqual(['InvalidSignatureException', 'ok']);
    patient.destroy();
  });
});

function headersOf(operation: string): Record<string, string> {
  const scope = 'SIMULATED/20260101/eu-west-1/dms/aws4_request';
  return {
    'x-amz-target': `AmazonDMSv20160101.${operation}`,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
  };
}
