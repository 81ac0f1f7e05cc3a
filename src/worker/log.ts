/** Writes a line of JSON. Calls `written` once the line has reached stdout. */
export function log(phase: string, facts: Readonly<Record<string, unknown>> = {}, written?: () => void): void {
  const line = { time: new Date().toISOString(), program: 'temporal-dms-worker', phase, ...facts };
  process.stdout.write(`${JSON.stringify(line)}\n`, written);
}
