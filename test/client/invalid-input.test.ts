import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { failureOf } from '../support/stage.js';

const replicationConfigArn = 'orders';
const decision = { by: 'ada', reason: 'cut over' };

const requests: readonly [string, (dms: ReplicationClient) => Promise<unknown>][] = [
  ['stop', (dms) => dms.stop({ replicationConfigArn })],
  ['resume', (dms) => dms.resume({ replicationConfigArn })],
  ['startStop', (dms) => dms.startStop({ replicationConfigArn })],
  ['startResume', (dms) => dms.startResume({ replicationConfigArn })],
  ['planStop', (dms) => dms.planStop({ replicationConfigArn })],
  ['planResume', (dms) => dms.planResume({ replicationConfigArn })],
  ['openOperation', (dms) => dms.openOperation(replicationConfigArn)],
  ['summary', (dms) => dms.summary(replicationConfigArn)],
  ['startStopFleet', (dms) => dms.startStopFleet({ replicationConfigArns: [replicationConfigArn] })],
  ['startResumeFleet', (dms) => dms.startResumeFleet({ replicationConfigArns: [replicationConfigArn] })],
  [
    'startCutover',
    (dms) => dms.startCutover({ cutoverId: 'c', replicationConfigArns: [replicationConfigArn] } as never),
  ],
  ['createPauseSchedule', (dms) => dms.createPauseSchedule({ replicationConfigArn } as never)],
  ['ledger', (dms) => dms.ledger(replicationConfigArn)],
  ['history', (dms) => dms.history(replicationConfigArn)],
  ['nudge', (dms) => dms.nudge(replicationConfigArn)],
  ['unseal', (dms) => dms.unseal(replicationConfigArn, decision)],
  ['breakReservation', (dms) => dms.breakReservation(replicationConfigArn, decision)],
  ['moveLedger', (dms) => dms.moveLedger(replicationConfigArn, { ...decision, taskQueue: 'next' })],
  ['rebuildLedger', (dms) => dms.rebuildLedger(replicationConfigArn, { ...decision, records: [] } as never)],
];

test.each(requests)('%s rejects an invalid ARN without a request to the server', async (_, request) => {
  const connection = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: 1 });
  const dms = new ReplicationClient({ client: new Client({ connection }) });
  const failure = await failureOf(request(dms));
  expect(failure).toMatchObject({ type: 'DmsInvalidInput', message: expect.stringContaining(' is not valid: ') });
  await connection.close();
});
