/** Runs the example that turns DMS's events into nudges, with moto's SQS. */
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nudgeOnEvents } from '../../examples/dms-events/consumer.js';
import { endStop, heldWait, manual, SLOW } from '../support/held-wait.js';
import { Stage, until } from '../support/stage.js';
import { startMoto } from './support.js';

let moto: Awaited<ReturnType<typeof startMoto>>;
let sqs: SQSClient;
beforeAll(async () => {
  moto = await startMoto();
  const credentials = { accessKeyId: 'simulated', secretAccessKey: 'simulated' };
  sqs = new SQSClient({ endpoint: moto.endpoint, region: 'eu-west-1', credentials });
});
afterAll(async () => {
  sqs.destroy();
  await moto[Symbol.asyncDispose]();
});

async function queue(name: string) {
  const attributes = { VisibilityTimeout: '1' };
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return {
    queueUrl: QueueUrl,
    send: (body: unknown) =>
      sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: typeof body === 'string' ? body : JSON.stringify(body) }),
      ),
    /** Returns the number of messages that are not deleted. */
    left: async (): Promise<number> => {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const { Attributes: counts = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
      );
      return names.reduce((sum, each) => sum + Number(counts[each] ?? 0), 0);
    },
  };
}

const eventOf = (arn: string) => ({
  version: '0',
  id: '11111111-2222-3333-4444-555555555555',
  'detail-type': 'DMS Replication State Change',
  source: 'aws.dms',
  account: '123456789012',
  region: 'eu-west-1',
  resources: [arn],
  detail: { type: 'REPLICATION_CONFIG', category: 'StateChange', eventType: 'REPLICATION_STOPPED' },
});

test('an event in the queue ends a wait long before the next sweep', async () => {
  await using stage = await Stage.set(manual);
  await stage.work(SLOW);
  const { replicationConfigArn, handle } = await heldWait(stage);
  const { queueUrl, send, left } = await queue('events');
  const ending = new AbortController();
  const consuming = nudgeOnEvents({ sqs, queueUrl, dms: stage.dms, signal: ending.signal });
  endStop(stage);
  await send(eventOf(replicationConfigArn));
  expect((await handle.result()).outcome).toBe('stopped');
  await until('the message is deleted', async () => (await left()) === 0);
  ending.abort();
  await consuming;
});

test('a queue message without a replication event is deleted, and an event is retried after a failed nudge', async () => {
  const nudged: string[] = [];
  let isServerThere = false;
  const dms = {
    async nudge(arn: string) {
      nudged.push(arn);
      if (!isServerThere) throw new Error('no Temporal server');
      return true;
    },
  };
  const { queueUrl, send, left } = await queue('troubled-events');
  const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
  for (const body of ['no JSON', 'null', { source: 'aws.s3', resources: [arn] }, { source: 'aws.dms' }])
    await send(body);
  await send({ ...eventOf('arn:aws:dms:eu-west-1:123456789012:task:ORDERS') });
  await send(eventOf(arn));
  const ending = new AbortController();
  const consuming = nudgeOnEvents({ sqs, queueUrl, dms, signal: ending.signal });
  await until('it was tried twice', () => nudged.length >= 2);
  expect(await left()).toBe(1);
  isServerThere = true;
  await until('all is done', async () => (await left()) === 0);
  expect(new Set(nudged)).toEqual(new Set([arn]));
  ending.abort();
  await consuming;
});
