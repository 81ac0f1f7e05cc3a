/**
 * Reads DMS's events from an SQS queue, the target of an EventBridge rule for `{ "source": ["aws.dms"], "detail-type": ["DMS Replication State Change"] }`,
 * and has whatever waits for the replication look at once. Events are best effort: the waits go on looking by themselves.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import type { ReplicationClient } from 'temporal-dms/client';

export interface EventQueue {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly dms: Pick<ReplicationClient, 'nudge'>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A message that can not be passed on now comes again after the queue's visibility timeout. */
export async function nudgeOnEvents({ sqs, queueUrl: QueueUrl, dms, signal }: EventQueue): Promise<void> {
  const waiting = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 };
  while (!signal.aborted) {
    const { Messages: messages = [] } = await sqs
      .send(new ReceiveMessageCommand(waiting), { abortSignal: signal })
      .catch((err: unknown) => {
        if (signal.aborted) return { Messages: [] };
        throw err;
      });
    for (const message of messages) {
      try {
        for (const arn of replicationsIn(message)) await dms.nudge(arn);
      } catch (err) {
        console.error('Not passed on, and left in the queue:', err);
        continue;
      }
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }
}

/** The replication configs that an event is about; none when it is about something else, or is no event. */
export function replicationsIn({ Body: body = '' }: Message): readonly string[] {
  let event: { source?: unknown; resources?: unknown } | null;
  try {
    event = JSON.parse(body);
  } catch {
    return []; // no event: there is nothing to be done about it, now or later
  }
  if (event?.source !== 'aws.dms' || !Array.isArray(event.resources)) return [];
  return event.resources.filter((each) => typeof each === 'string' && each.includes(':replication-config:'));
}
