import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { messageOf } from './program.js';

/** Variable that names the module of a data converter, for the worker and the command line. */
export const CODEC_MODULE = 'TEMPORAL_DMS_CODEC_MODULE';

/** Parts of a data converter, of which one is needed. */
const parts = ['payloadCodecs', 'payloadConverterPath', 'failureConverterPath'];

/**
 * Loads the data converter that a module exports as `dataConverter`, or by default. `null`: no module is named.
 *
 * A name that begins with `.` or `/` is a file, from the working directory. Any other name is a package.
 */
export async function loadDataConverter(name: string | undefined): Promise<DataConverter | null> {
  if (!name) return null;
  const isFile = name.startsWith('.') || isAbsolute(name);
  try {
    const found = (await import(isFile ? pathToFileURL(resolve(name)).href : name)) as {
      readonly dataConverter?: unknown;
      readonly default?: unknown;
    };
    const converter = found.dataConverter ?? found.default;
    if (typeof converter !== 'object' || converter === null) throw new Error('it exports no `dataConverter`');
    if ('encode' in converter)
      throw new Error('it exports a codec. Export `dataConverter = { payloadCodecs: [codec] }` in its place');
    if (!parts.some((part) => part in converter))
      throw new Error(`its data converter has none of ${parts.join(', ')}, so nothing would be encoded`);
    return converter;
  } catch (err) {
    throw new Error(`${CODEC_MODULE} is "${name}", which can't be loaded: ${messageOf(err)}`, { cause: err });
  }
}
