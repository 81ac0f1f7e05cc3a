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

/** In the heartbeat of an attempt that is held: what its newest look showed. */
export interface HeldProgress {
  readonly phase: OperationPhase | null;
  readonly lastStatus: string | null;
}

/** Rows beneath the progress, by name; `null` is left out. */
export type ProgressFacts = Readonly<Record<string, string | null>>;

/** Who asked for an operation, and why. The input may be of any shape. */
export function requestFacts(input: object): ProgressFacts {
  const { requestedBy, reason } = input as { readonly requestedBy?: unknown; readonly reason?: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 1000) : null);
  return { 'requested by': text(requestedBy), reason: text(reason) };
}

/** The Markdown that the Web UI shows as the workflow's current details. */
export function progressMarkdown(
  { phase, lastStatus, since, detail }: OperationProgress,
  facts: ProgressFacts,
): string {
  const rows = Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [`- ${name}: ${code(value)}`]));
  const status = lastStatus === null ? '' : `, last seen ${code(lastStatus)}`;
  return [`**${phase}**${status} (since ${since})`, '', detail, '', ...rows].join('\n').trim();
}

/** A text of the caller's must not end the code span around it. */
function code(text: string): string {
  return `\`${text.replace(/[`\r\n]+/g, ' ')}\``;
}
