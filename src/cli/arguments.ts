/** Readers of arguments and options. Each throws an error that names the text and the way to write it. */
import { InvalidArgumentError } from 'commander';
import type { WantedTag } from './tags.js';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads a duration, such as `90s`, `30m`, `6h` or `2d`. Returns seconds. A bare number counts seconds. */
export function readDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  if (number === '') throw new InvalidArgumentError('Write it like 90s, 30m, 6h or 2d.');
  return Number(number) * (units[unit || 's'] ?? 1);
}

/** Reads a whole number that is not negative. */
export function readCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(text);
}

/** Reads a tag: `key=value`, or `key` for any value. Adds it to those before. */
export function readTag(text: string, before: readonly WantedTag[] = []): readonly WantedTag[] {
  const [, key = '', value = null] = /^([^=]+)(?:=([^]*))?$/.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError('Write it as key=value, or as key for any value.');
  return [...before, { key, value }];
}

/** Reads JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidArgumentError('It takes JSON.');
  }
}

/** Reads a time, as ISO 8601 with its zone. Without a zone, it would depend on the machine. */
export function readTime(text: string): string {
  const time = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/i.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('It takes a time in ISO 8601 with its zone, such as 2026-12-01T06:00:00Z.');
  return new Date(time).toISOString();
}
