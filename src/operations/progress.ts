/** Where an operation is. */
export type OperationPhase =
  | 'beginning'
  | 'joined'
  | 'waiting-until-stoppable'
  | 'stopping'
  | 'settling'
  | 'recording'
  | 'checking'
  | 'starting'
  | 'verifying'
  | 'done'
  | 'failed';

/** What the query `dms.progress` returns. */
export interface OperationProgress {
  readonly phase: OperationPhase;
  /** The replication's status in the newest look that this answer knows of; `null` before the first. */
  readonly lastStatus: string | null;
  /** When the phase began, ISO 8601. */
  readonly since: string;
  /** One sentence for an operator: what is being waited for, or what went wrong. */
  readonly detail: string;
}

/** `details[0]` of the failure by which an attempt leaves the rest to the next: what a pending activity shows. */
export interface AttemptProgress {
  readonly phase: OperationPhase;
  readonly status: string | null;
  readonly elapsedSeconds: number;
  readonly retryInSeconds: number;
}

/** The Markdown that the Web UI shows as the workflow's current details. */
export function progressMarkdown(progress: OperationProgress, facts: Readonly<Record<string, string | null>>): string {
  const { phase, lastStatus, since, detail } = progress;
  const rows = Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [`- ${name}: \`${value}\``]));
  const status = lastStatus === null ? '' : `, last seen \`${lastStatus}\``;
  return [`**${phase}**${status} (since ${since})`, '', detail, '', ...rows].join('\n').trim();
}
