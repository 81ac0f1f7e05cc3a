/** Connection to Temporal, from flags, variables and the config file, as the Temporal CLI reads them. */
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CODEC_MODULE, loadDataConverter } from '../data-converter.js';
import { messageOf } from '../program.js';
import { CliError, exitCodes, isDenial } from './exit-codes.js';
import type { GlobalOptions } from './globals.js';
import { refuseUnsupported, temporalEnv } from './temporal-env.js';

/** Longest wait for the first answer of the server. */
const CONNECT_SECONDS = 8;

type Env = Readonly<Record<string, string | undefined>>;

/** Server and namespace of a client. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
}

/** Connects to Temporal. Throws an error that names the address if no server answers. */
export async function connect(
  globals: GlobalOptions,
  env: Env,
): Promise<{ readonly client: Client; readonly place: Place }> {
  const { connectionOptions, namespace = 'default' } = readOptions(globals, env);
  const address = connectionOptions.address ?? 'localhost:7233';
  const dataConverter = await loadDataConverter(env[CODEC_MODULE]);
  const connection = Connection.lazy({
    connectTimeout: `${CONNECT_SECONDS}s`,
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endWithConnection],
    ...connectionOptions,
  });
  try {
    await connection.ensureConnected();
    const client = new Client({
      connection,
      namespace,
      ...(dataConverter === null ? {} : { dataConverter }),
      ...(globals.identity === undefined ? {} : { identity: globals.identity }),
    });
    return { client, place: { address, namespace } };
  } catch (err) {
    await connection.close();
    const cause = err instanceof Error && isGrpcServiceError(err.cause) ? err.cause : null;
    if (cause !== null && isDenial(cause.code)) throw err;
    throw new CliError(
      `No Temporal server answers at ${address}: ${cause?.details ?? messageOf(err)}`,
      'Check --address or TEMPORAL_ADDRESS, or start a server: temporal server start-dev',
      exitCodes.unreachable,
    );
  }
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/**
 * Ends the retries of a connection that a command has closed. The SDK retries by a timer. A call on a closed connection
 * throws, and in a timer that would end the process.
 */
const endWithConnection = ((options, nextCall) => {
  try {
    return nextCall(options);
  } catch (err) {
    if (!/channel has been shut down/i.test(messageOf(err))) throw err;
    return unanswered;
  }
}) as Interceptor;

/** Call that is never answered, because nobody waits for it any more. */
const unanswered = { start() {}, sendMessage() {}, halfClose() {}, startRead() {}, cancelWithStatus() {} };

function readOptions(globals: GlobalOptions, env: Env) {
  refuseUnsupported(globals, env);
  const overrideEnvVars = temporalEnv(globals, env) as Record<string, string>;
  try {
    return loadClientConnectConfig({ overrideEnvVars, disableFile: globals.disableConfigFile === true });
  } catch (err) {
    throw new CliError(
      `The settings of the connection can't be read: ${messageOf(err)}`,
      'Check --profile, --config-file, the --tls flags and the TEMPORAL_* variables.',
    );
  }
}
