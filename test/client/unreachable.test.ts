import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { ReplicationClient } from '../../src/client/index.js';
import { archivedRecord } from '../support/records.js';
import { failureOf } from '../support/stage.js';

const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const pause = {
  scheduleId: 'night',
  replicationConfigArn: arn,
  stop: { calendars: [{ hour: 22 }] },
  resume: { calendars: [{ hour: 6 }] },
};
const decision = { by: 'ada', reason: 'cut over' };

const requests: [name: string, send: (dms: ReplicationClient) => Promise<unknown>][] = [
  ['stop', (dms) => dms.stop({ replicationConfigArn: arn })],
  ['startResume', (dms) => dms.startResume({ replicationConfigArn: arn })],
  ['ledger', (dms) => dms.ledger(arn)],
  ['history', (dms) => dms.history(arn)],
  ['startStopFleet', (dms) => dms.startStopFleet({ replicationConfigArns: [arn] })],
  ['createPauseSchedule', (dms) => dms.createPauseSchedule(pause)],
  [
    'rebuildLedger',
    (dms) => dms.rebuildLedger(arn, { ...decision, archive: { list: async () => [archivedRecord(1)] } }),
  ],
  ['nudge', (dms) => dms.nudge(arn)],
  ['unseal', (dms) => dms.unseal(arn, decision)],
];

test.concurrent.for(requests)('%s names the address and what to start when no server runs', async ([, send]) => {
  const address = `127.0.0.1:${await freePort()}`;
  const connection = Connection.lazy({ address });
  try {
    const { message } = await failureOf(send(new ReplicationClient({ client: new Client({ connection }) })));
    expect(message).toContain(`No Temporal server answers at ${address}`);
    expect(message).toContain('temporal server start-dev');
  } finally {
    await connection.close();
  }
});
