/** Timestamp of Temporal's API. */
interface ProtoTime {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

export function toIso(time: ProtoTime | null | undefined): string | null {
  if (time == null) return null;
  return new Date(Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6)).toISOString();
}
