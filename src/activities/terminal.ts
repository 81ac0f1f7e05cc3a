import type { ApplicationFailure } from '@temporalio/common';
import { stopReasonCode, stopReasons } from '../dms/stop-reasons.js';
import { dmsFailure, type DmsFailure, type FailureSubject } from '../operations/failures.js';

/** The replication is `failed`: in AWS's own words. */
export function replicationFailed(subject: FailureSubject, when: string): ApplicationFailure & DmsFailure {
  const { replication, replicationConfigArn } = subject;
  const messages = replication?.failureMessages.join(' / ') ?? '';
  const code = stopReasonCode(replication?.stopReason ?? null);
  const said = [messages, replication?.stopReason].filter(Boolean).join('; ');
  return dmsFailure(
    'DmsReplicationFailed',
    subject,
    `${replicationConfigArn} failed ${when}${said === '' ? ', and DMS gives no reason' : `: ${said}`}`,
    code === null
      ? 'Read its log, remove the cause, then resume it or reload its target.'
      : `Next: ${stopReasons[code].next}.`,
  );
}

export function replicationDeleting(subject: FailureSubject): ApplicationFailure & DmsFailure {
  return dmsFailure(
    'DmsReplicationDeleting',
    subject,
    `${subject.replicationConfigArn} is being deleted`,
    'Nothing can be done with it any more.',
  );
}

export function replicationReadOnly(subject: FailureSubject): ApplicationFailure & DmsFailure {
  return dmsFailure(
    'DmsReplicationReadOnly',
    subject,
    `${subject.replicationConfigArn} is read-only: a zero-ETL integration manages it`,
    'Change the integration instead.',
  );
}
