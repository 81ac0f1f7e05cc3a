/** Exports a codec where a data converter is needed. */
export default { encode: async (payloads) => payloads, decode: async (payloads) => payloads };
