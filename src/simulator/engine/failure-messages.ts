/** Messages of failed replications, in DMS's words where those are known. */
import type { Engine } from './checkpoint-format.js';
import type { Config } from './model.js';
import { idOf } from './rules.js';

import type { Uncertain } from './uncertain.js';

const FATAL = 'Stop Reason FATAL_ERROR';
const END = `${FATAL} Error Level FATAL`;

/** Message of a start whose mappings select no table. Seen on AWS. */
export const noTables = `Last Error  No tables were found at task initialization. Either the selected table(s) or schemas(s) no longer exist or no match was found for the table selection pattern(s). If you would like to start a Task that does not initially capture any tables, set Task Setting FailOnNoTablesCaptured to false and restart task. ${END}`;

/** Returns the message of a resume whose log is gone. MySQL's was seen on AWS. The others are guesses. */
export function logGone(engine: Engine): string {
  const said = engine.startsWith('mysql')
    ? 'Error 1236 reading binary log.'
    : 'The log that is needed to go on is no longer available on the source.';
  return `Last Error ${said} ${END}`;
}

/** Returns the message of a connection test that failed. Seen on AWS. */
export function testFailed(config: Config, why: string): string {
  const { SourceEndpointArn: endpoint, ReplicationConfigIdentifier: name } = config;
  return `Test connection failed for endpoint '${idOf(endpoint)}' and replication config '${name}'. Failure Message: '${why}'`;
}

/** Returns the stop reason of a failure with these messages. */
export function stopReasonOf([message = '']: readonly string[], { failureStopReason }: Uncertain): string {
  if (failureStopReason === 'short') return FATAL;
  return message.endsWith(END) ? message : `Last Error ${message} ${END}`;
}
