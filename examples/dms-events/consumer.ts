/**
 * Reads DMS's events from an SQS queue. Makes the operation that waits for a replication look at once.
 *
 * The queue is the target of an EventBridge rule for
 * `{ "source": ["aws.dms"], "detail-type": ["DMS Replication State Change"] }`. Events are best effort, so operations
 * also look by themselves.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import type { ReplicationClient } from 'temporal-dms/client';

export interface EventQueue {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly dms: Pick<ReplicationClient, 'nudge'>;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** Nudges for each event. A message that fails stays in the queue, and comes again after its visibility timeout. */
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
        console.error('An event was not passed on, and stays in the queue:', err);
        continue;
      }
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
  }
}

/** Returns the ARNs of the replication configs that an event names. Empty: none, or the message is no event. */
export function replicationsIn({ Body: body = '' }: Message): readonly string[] {
  let event: { source?: unknown; resources?: unknown } | null;
  try {
    event = JSON.parse(body);
  } catch {
    return []; // not an event, so a retry would not help
  }
  if (event?.source !== 'aws.dms' || !Array.isArray(event.resources)) return [];
  return event.resources.filter((each) => typeof each === 'string' && each.includes(':replication-config:'));
}
