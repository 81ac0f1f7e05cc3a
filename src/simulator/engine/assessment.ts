/** Premigration assessments: their settings, and the status that they show. */
import type { Row } from './model.js';
import { AwsFault } from './aws-fault.js';

/** Results of an assessment. */
export const assessmentEnds = [
  'passed',
  'warning',
  'failed',
  'error-provisioning',
  'error-executing',
  'invalid state',
] as const;
export type AssessmentEnd = (typeof assessmentEnds)[number];

/** The PremigrationAssessmentSettings of a start. */
export type Assessment = Readonly<Record<string, unknown>>;

export function readAssessment(settings: string): Assessment {
  try {
    const read: unknown = JSON.parse(settings);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Assessment;
  } catch {
    // Invalid JSON gets the fault below.
  }
  throw new AwsFault('InvalidParameterValueException', 'Invalid PremigrationAssessmentSettings. Invalid json');
}

/** Assessment in progress. */
export class RunningAssessment {
  readonly shown: Record<string, unknown>;

  constructor(asked: Assessment, arn: string, time: number) {
    this.shown = {
      PremigrationAssessmentRunArn: `${arn.replace(':replication-config:', ':assessment-run:')}-${Math.floor(time)}`,
      FailOnAssessmentFailure: asked['FailOnAssessmentFailure'] !== false,
      Status: 'starting',
      PremigrationAssessmentRunCreationDate: time,
      AssessmentProgress: { IndividualAssessmentCount: 12, IndividualAssessmentCompletedCount: 0 },
      ResultLocationBucket: textOr(asked['ResultLocationBucket'], 'dms-premigration-assessments'),
      ResultLocationFolder: textOr(asked['ResultLocationFolder'], ''),
      ResultEncryptionMode: textOr(asked['ResultEncryptionMode'], 'SSE_S3'),
    };
  }

  enter(status: 'provisioning' | 'running'): void {
    this.shown['Status'] = status;
  }

  /** Shows the result. Returns true if the result makes the start fail. */
  end(status: AssessmentEnd): boolean {
    const isFailed = status !== 'passed' && status !== 'warning';
    const failed = isFailed ? 1 : 0;
    Object.assign(this.shown, {
      Status: status,
      AssessmentProgress: { IndividualAssessmentCount: 12, IndividualAssessmentCompletedCount: 12 },
      ResultStatistic: { Passed: 12 - failed, Failed: failed, Error: 0, Warning: 0, Cancelled: 0, Skipped: 0 },
      ...(isFailed ? { LastFailureMessage: 'An individual assessment failed' } : {}),
    });
    return isFailed && this.shown['FailOnAssessmentFailure'] === true;
  }
}

/**
 * Cancels the assessments in progress when a stop aborts their start.
 *
 * Inferred: they stay `cancelling`, because DMS has no status for a cancelled assessment.
 */
export function cancelAssessments({ PremigrationAssessmentStatuses: assessments = [] }: Row): void {
  for (const each of assessments) {
    if (['starting', 'provisioning', 'running'].includes(String(each['Status']))) each['Status'] = 'cancelling';
  }
}

/** Shows all assessments as `deleting` while DMS deletes their config. Inferred. */
export function deleteAssessments({ PremigrationAssessmentStatuses: assessments = [] }: Row): void {
  for (const each of assessments) each['Status'] = 'deleting';
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
