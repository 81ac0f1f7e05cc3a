/** Data converter of a user, in a module that TEMPORAL_DMS_CODEC_MODULE names. Its codec reverses the bytes. */
const reversed = async (payloads) =>
  payloads.map((each) => ({ ...each, data: Uint8Array.from(each.data ?? []).toReversed() }));

export const dataConverter = { payloadCodecs: [{ encode: reversed, decode: reversed }] };
