import { CliError } from './exit-codes.js';
import type { GlobalOptions } from './globals.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables whose setting a flag replaces. The second of a pair would contradict the first, so it is dropped. */
const variables: readonly (readonly [keyof GlobalOptions, variable: string, contrary?: string])[] = [
  ['address', 'TEMPORAL_ADDRESS'],
  ['namespace', 'TEMPORAL_NAMESPACE'],
  ['profile', 'TEMPORAL_PROFILE'],
  ['configFile', 'TEMPORAL_CONFIG_FILE'],
  ['apiKey', 'TEMPORAL_API_KEY'],
  ['taskQueue', 'TEMPORAL_TASK_QUEUE'],
  ['tls', 'TEMPORAL_TLS'],
  ['tlsServerName', 'TEMPORAL_TLS_SERVER_NAME'],
  ['tlsCaPath', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', 'TEMPORAL_TLS_SERVER_CA_CERT_DATA'],
  ['tlsCaData', 'TEMPORAL_TLS_SERVER_CA_CERT_DATA', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'],
  ['tlsCertPath', 'TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_CERT_DATA'],
  ['tlsCertData', 'TEMPORAL_TLS_CLIENT_CERT_DATA', 'TEMPORAL_TLS_CLIENT_CERT_PATH'],
  ['tlsKeyPath', 'TEMPORAL_TLS_CLIENT_KEY_PATH', 'TEMPORAL_TLS_CLIENT_KEY_DATA'],
  ['tlsKeyData', 'TEMPORAL_TLS_CLIENT_KEY_DATA', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
];

/** Returns the environment with the flags of the connection in it, because a flag comes before its variable. */
export function temporalEnv(globals: GlobalOptions, env: Env): Env {
  if (globals.tlsDisableHostVerification === true)
    throw new CliError(
      'temporal-dms always verifies the name of the server',
      'Name the server as its certificate does: --tls-server-name',
    );
  // To ignore them would act on another server than the one that was meant.
  if (globals.env !== undefined || globals.envFile !== undefined)
    throw new CliError(
      'temporal-dms supports neither --env nor --env-file',
      'Name a profile of the config file: --profile',
    );
  const ignored =
    globals.disableConfigEnv === true ? /^TEMPORAL_(?!DMS_|TASK_QUEUE$|DEPLOYMENT_NAME$|WORKER_BUILD_ID$)/ : /^$/;
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !ignored.test(name)));
  for (const [option, variable, contrary] of variables) {
    const value = globals[option];
    if (value === undefined) continue;
    given[variable] = String(value);
    if (contrary !== undefined) delete given[contrary];
  }
  for (const pair of globals.grpcMeta ?? []) {
    const [key = '', ...value] = pair.split('=');
    if (key === '' || value.length === 0)
      // The text may hold a secret.
      throw new CliError('--grpc-meta has no "="', 'Write it as key=value, such as --grpc-meta team=data.');
    given[`TEMPORAL_GRPC_META_${key}`] = value.join('=');
  }
  return given;
}
