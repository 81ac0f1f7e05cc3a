/** Payload codec and failure converter of users who encrypt everything that the server stores. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';

const key = randomBytes(32);
const encoding = Buffer.from('binary/encrypted');

function encrypt({ metadata, data }: Payload): Payload {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const text = cipher.update(serialize({ metadata: { ...metadata }, data }));
  return { metadata: { encoding }, data: Buffer.concat([iv, text, cipher.final(), cipher.getAuthTag()]) };
}

function decrypt(payload: Payload): Payload {
  if (!encoding.equals(payload.metadata?.['encoding'] ?? new Uint8Array())) return payload;
  const data = Buffer.from(payload.data ?? []);
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12));
  decipher.setAuthTag(data.subarray(-16));
  return deserialize(Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()])) as Payload;
}

const codec: PayloadCodec = {
  encode: async (payloads) => payloads.map(encrypt),
  decode: async (payloads) => payloads.map(decrypt),
};

export const encrypted: DataConverter = {
  payloadCodecs: [codec],
  failureConverterPath: fileURLToPath(new URL('encoded-failures.cjs', import.meta.url)),
};

/** Returns the contents of all byte arrays in a value, as text. */
export function bytesIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('latin1')];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : [];
}
