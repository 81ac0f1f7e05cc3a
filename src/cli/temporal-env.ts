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

/**
 * Throws for a flag or variable of the Temporal CLI that this program does not support. Ignoring it could reach the wrong
 * server.
 */
export function refuseUnsupported(globals: GlobalOptions, env: Env): void {
  const refuse = (what: string, hint: string): never => {
    throw new CliError(`temporal-dms does not support ${what}`, hint);
  };
  const nameServer = 'Name the server as its certificate does: --tls-server-name';
  const nameProfile = 'Name a profile of the config file: --profile';
  if (globals.tlsDisableHostVerification === true) refuse('--tls-disable-host-verification', nameServer);
  if (globals.clientAuthority !== undefined) refuse('--client-authority', nameServer);
  if (globals.env !== undefined) refuse('--env', nameProfile);
  if (globals.envFile !== undefined) refuse('--env-file', nameProfile);
  if (globals.disableConfigEnv === true) return;
  const hostVerification = 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION';
  if (/^(true|1|t)$/i.test(env[hostVerification] ?? '')) refuse(hostVerification, `Unset it. ${nameServer}`);
  // "default" is the environment that the Temporal CLI uses when none is named.
  if (env['TEMPORAL_ENV'] && env['TEMPORAL_ENV'] !== 'default') refuse('TEMPORAL_ENV', `Unset it. ${nameProfile}`);
  if (env['TEMPORAL_ENV_FILE']) refuse('TEMPORAL_ENV_FILE', `Unset it. ${nameProfile}`);
}

/** Returns the environment with the flags of the connection in it, because a flag comes before its variable. */
export function temporalEnv(globals: GlobalOptions, env: Env): Env {
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
