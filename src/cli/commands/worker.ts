import type { Command } from 'commander';
import { CliError } from '../exit-codes.js';
import type { Runner } from '../session.js';
import { refuseUnsupported, temporalEnv } from '../temporal-env.js';
import { fields } from '../text.js';

/** Variables of the worker. */
const variables = [
  ['TEMPORAL_TASK_QUEUE', 'default temporal-dms'],
  ['TEMPORAL_DMS_ALLOW', 'ARNs it may operate on, comma-separated, * for anything; default: every replication'],
  ['TEMPORAL_DMS_HOLD_SECONDS', 'seconds that an attempt of a wait is held, at most; default 300'],
  ['TEMPORAL_DMS_LOOKS_PER_SECOND', 'requests a second for looks, at most; default 2'],
  ['TEMPORAL_DMS_ARCHIVE_TABLE', 'a DynamoDB table that keeps every record; needs @aws-sdk/client-dynamodb'],
  [
    'TEMPORAL_DMS_PERMISSIONS',
    'iam: checks before a cutover what the worker may do; needs @aws-sdk/client-iam and -sts',
  ],
  ['TEMPORAL_DMS_LAG', 'cloudwatch: records the lag at a stop; needs @aws-sdk/client-cloudwatch'],
  ['TEMPORAL_DMS_ENDPOINT_FINGERPRINTS', 'true: records which databases the endpoints lead to'],
  ['TEMPORAL_DMS_NEXUS', 'true: serves the Nexus service temporal-dms; needs @temporalio/nexus and nexus-rpc'],
  ['TEMPORAL_DMS_METRICS', 'prometheus://0.0.0.0:9464, or the URL of an OTLP collector'],
  ['TEMPORAL_DMS_TRACES', 'the URL of an OTLP collector of traces; needs packages, see docs/workers.md'],
  ['TEMPORAL_DMS_HEALTH', 'address of /livez and /readyz, such as 0.0.0.0:8080'],
  ['TEMPORAL_DMS_CODEC_MODULE', 'a module that exports a data converter as dataConverter'],
  ['TEMPORAL_DMS_LOG_LEVEL', "minimum log level of Temporal's SDK; default WARN"],
  ['TEMPORAL_DMS_LOG_FORMAT', 'json, or text for people; default json'],
  ['TEMPORAL_DEPLOYMENT_NAME', 'with TEMPORAL_WORKER_BUILD_ID: the worker is versioned'],
] as const;

const settings = `
Serves the workflows and activities of temporal-dms until SIGTERM, then drains.
The worker logs to stdout, as JSON unless TEMPORAL_DMS_LOG_FORMAT is text.

Temporal and AWS settings come from their standard variables and files.
Variables of this worker:

${fields(variables)}
`;

export function addWorker(program: Command, run: Runner): void {
  program
    .command('worker')
    .description('serve the workflows and activities of temporal-dms')
    .addHelpText('after', settings)
    .action(
      run(async ({ globals, terminal }) => {
        // Checks flags only: the worker's environment may hold variables of other programs.
        refuseUnsupported(globals, {});
        if (globals.identity !== undefined)
          throw new CliError(
            'A worker does not take --identity',
            "Leave it out. Temporal's SDK names a worker by process and host.",
          );
        const [{ work }, { readSettings }] = await Promise.all([
          import('../../worker/program.js'),
          import('../../worker/settings.js'),
        ]);
        await work(() =>
          readSettings(temporalEnv(globals, terminal.env), { disableFile: globals.disableConfigFile === true }),
        );
      }),
    );
}
