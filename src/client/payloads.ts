/** Decoding of payloads and failures that the SDK hands out raw. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type RawFailure = NonNullable<Pending['lastFailure']>;
type Payload = NonNullable<NonNullable<NonNullable<Pending['heartbeatDetails']>['payloads']>[number]>;

/** Decodes a payload with the client's codecs and converter. */
export async function decodePayload(client: Client, payload: Payload): Promise<unknown> {
  return client.options.loadedDataConverter.payloadConverter.fromPayload(await decoder(client)(payload));
}

/** Decodes a failure and its causes. A codec may have encrypted their messages and details. */
export async function decodeFailure(client: Client, raw: RawFailure): Promise<Error> {
  const { payloadConverter, failureConverter } = client.options.loadedDataConverter;
  return failureConverter.failureToError(await decodePayloadsOf(raw, decoder(client)), payloadConverter);
}

async function decodePayloadsOf(raw: RawFailure, decode: <P>(payload: P) => Promise<P>): Promise<RawFailure> {
  const info = raw.applicationFailureInfo;
  const payloads = info?.details?.payloads;
  return {
    ...raw,
    encodedAttributes: raw.encodedAttributes == null ? null : await decode(raw.encodedAttributes),
    cause: raw.cause == null ? null : await decodePayloadsOf(raw.cause, decode),
    ...(info && payloads
      ? { applicationFailureInfo: { ...info, details: { payloads: await Promise.all(payloads.map(decode)) } } }
      : {}),
  };
}

/** Returns a function that decodes a payload with the client's codecs. */
function decoder(client: Client) {
  return async <P>(payload: P): Promise<P> => {
    let decoded = [payload];
    const { payloadCodecs } = client.options.loadedDataConverter;
    for (const codec of payloadCodecs.toReversed()) decoded = (await codec.decode(decoded as never)) as P[];
    return decoded[0] ?? payload;
  };
}
