/** Premigration assessments: what is asked for, and what they show. */
import { AwsFault } from './model.js';

export type AssessmentEnd =
  'passed' | 'warning' | 'failed' | 'error-provisioning' | 'error-executing' | 'invalid state';

/** The PremigrationAssessmentSettings of a start. */
export type Assessment = Readonly<Record<string, unknown>>;

export function readAssessment(settings: string): Assessment {
  try {
    const read: unknown = JSON.parse(settings);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Assessment;
  } catch {
    // Said below.
  }
  throw new AwsFault('InvalidParameterValueException', 'Invalid PremigrationAssessmentSettings. Invalid json');
}

/** As it is shown from the start on. */
export function beginAssessment(asked: Assessment, arn: string, time: number): Record<string, unknown> {
  return {
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

/** Shows its end, and tells whether it has failed. */
export function endAssessment(assessment: Record<string, unknown>, status: AssessmentEnd): boolean {
  const isFailed = status !== 'passed' && status !== 'warning';
  const failed = isFailed ? 1 : 0;
  Object.assign(assessment, {
    Status: status,
    AssessmentProgress: { IndividualAssessmentCount: 12, IndividualAssessmentCompletedCount: 12 },
    ResultStatistic: { Passed: 12 - failed, Failed: failed, Error: 0, Warning: 0, Cancelled: 0, Skipped: 0 },
    ...(isFailed ? { LastFailureMessage: 'An individual assessment failed' } : {}),
  });
  return isFailed;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
