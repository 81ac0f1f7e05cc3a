/** Writes a line of JSON. Calls `written` once the line has reached stdout. */
export function log(phase: string, facts: Readonly<Record<string, unknown>> = {}, written?: () => void): void {
  const line = { time: new Date().toISOString(), program: 'temporal-dms-worker', phase, ...facts };
  process.stdout.write(`${JSON.stringify(line, withErrorText)}\n`, written);
}

/** Writes an error as text, because JSON drops its message. */
function withErrorText(_key: string, value: unknown): unknown {
  return value instanceof Error ? errorText(value) : value;
}

function errorText({ name, message, cause }: Error): string {
  return cause instanceof Error ? `${name}: ${message} (${errorText(cause)})` : `${name}: ${message}`;
}
