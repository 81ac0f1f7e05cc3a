type Facts = Readonly<Record<string, unknown>>;

let format: 'json' | 'text' = 'json';

/** Sets the format of all lines from now on. `text` is for people. */
export function setLogFormat(wanted: typeof format): void {
  format = wanted;
}

/** Writes a line. Calls `written` once the line has reached stdout. */
export function log(phase: string, facts: Facts = {}, written?: () => void): void {
  const time = new Date().toISOString();
  const line =
    format === 'json'
      ? JSON.stringify({ time, program: 'temporal-dms-worker', phase, ...facts }, withErrorText)
      : [time, phase, ...Object.entries(facts).flatMap(factText)].join(' ');
  process.stdout.write(`${line}\n`, written);
}

/** Returns `name=value`. A fact that is missing is left out. Text without white space has no quotes. */
function factText([name, value]: [string, unknown]): string[] {
  if (value === undefined || value === null) return [];
  const known = value instanceof Error ? errorText(value) : value;
  const text = typeof known === 'string' && /^\S+$/.test(known) ? known : JSON.stringify(known, withErrorText);
  return [`${name}=${text}`];
}

/** Writes an error as text, because JSON drops its message. */
function withErrorText(_key: string, value: unknown): unknown {
  return value instanceof Error ? errorText(value) : value;
}

function errorText({ name, message, cause }: Error): string {
  return cause instanceof Error ? `${name}: ${message} (${errorText(cause)})` : `${name}: ${message}`;
}
