import { Option, type Command } from 'commander';
import { colorModes, outputFormats, type OutputOptions } from './output.js';

/** Options that every command takes, before or after its name. Those of the connection are named as in the Temporal CLI. */
export interface GlobalOptions extends OutputOptions {
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
  readonly configFile?: string;
  readonly disableConfigFile?: boolean;
  readonly disableConfigEnv?: boolean;
  readonly apiKey?: string;
  readonly grpcMeta?: readonly string[];
  readonly tls?: boolean;
  readonly tlsServerName?: string;
  readonly tlsCaPath?: string;
  readonly tlsCaData?: string;
  readonly tlsCertPath?: string;
  readonly tlsCertData?: string;
  readonly tlsKeyPath?: string;
  readonly tlsKeyData?: string;
  readonly tlsDisableHostVerification?: boolean;
  readonly env?: string;
  readonly envFile?: string;
  readonly clientAuthority?: string;
  readonly codecEndpoint?: string;
  readonly identity?: string;
  readonly taskQueue?: string;
}

export function addGlobalOptions(program: Command): void {
  const inOutput = (flags: string, text: string) => new Option(flags, text).helpGroup('Output:');
  const inConnection = (flags: string, text: string) => new Option(flags, text).helpGroup('Connection:');
  const options = [
    inOutput('-o, --output <format>', 'format of the result').choices(outputFormats).default('text'),
    inOutput('--color <when>', 'colors in text').choices(colorModes).default('auto'),
    inOutput('-q, --quiet', 'write no progress').default(false),
    inConnection('--address <host:port>', 'address of the Temporal server'),
    inConnection('-n, --namespace <name>', 'Temporal namespace'),
    inConnection('--task-queue <name>', 'task queue of the workers of temporal-dms; default temporal-dms'),
    inConnection('--profile <name>', 'profile of the Temporal config file'),
    inConnection('--config-file <path>', 'Temporal config file'),
    inConnection('--disable-config-file', 'ignore the Temporal config file'),
    inConnection('--disable-config-env', 'ignore the TEMPORAL_* variables of the connection'),
    inConnection('--api-key <key>', 'API key of Temporal Cloud'),
    inConnection('--identity <name>', 'name of the client in the histories of workflows'),
    inConnection('--grpc-meta <key=value>', 'header of every request to Temporal; may be repeated').argParser(collect),
    inConnection('--tls', 'use TLS; --no-tls: do not'),
    new Option('--no-tls').hideHelp(),
    inConnection('--tls-server-name <name>', 'name in the certificate of the server'),
    inConnection('--tls-ca-path <path>', 'certificate authority of the server'),
    inConnection('--tls-ca-data <pem>', 'certificate authority of the server, inline'),
    inConnection('--tls-cert-path <path>', 'client certificate'),
    inConnection('--tls-cert-data <pem>', 'client certificate, inline'),
    inConnection('--tls-key-path <path>', 'key of the client certificate'),
    inConnection('--tls-key-data <pem>', 'key of the client certificate, inline'),
    inConnection('--tls-disable-host-verification', 'not supported, because it would accept any server'),
  ];
  for (const option of options) program.addOption(option);
  for (const flags of ['--env <name>', '--env-file <path>', '--client-authority <name>', '--codec-endpoint <url>'])
    program.addOption(new Option(flags).hideHelp());
  for (const flags of ignoredFlags) program.addOption(new Option(flags).hideHelp());
}

/** Flags that the Temporal CLI passes on, and that change nothing here. */
const ignoredFlags = [
  '--codec-auth <header>',
  '--codec-header <key=value>',
  '--log-level <level>',
  '--log-format <format>',
  '--time-format <format>',
  '--command-timeout <duration>',
  '--client-connect-timeout <duration>',
  '--no-json-shorthand-payloads',
];

/** Returns arguments as commander reads them. The Temporal CLI writes `--tls=false`. */
export function normalArguments(args: readonly string[]): readonly string[] {
  return args.map((arg) => (arg === '--tls=false' ? '--no-tls' : arg === '--tls=true' ? '--tls' : arg));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
