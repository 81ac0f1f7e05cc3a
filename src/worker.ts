#!/usr/bin/env node
/** `temporal-dms-worker`: the ready-made worker. */
import { runProgram } from './program.js';

const usage = `Usage: temporal-dms-worker

Serves the workflows and activities of temporal-dms until SIGTERM, then drains. It logs lines of JSON to stdout.

Temporal and AWS settings come from their standard variables and files. Variables of this worker:

  TEMPORAL_TASK_QUEUE                 default temporal-dms
  TEMPORAL_DMS_ALLOW                  ARNs it may operate on, comma-separated, * for anything; default: every replication
  TEMPORAL_DMS_HOLD_SECONDS           seconds that an attempt of a wait is held, at most; default 300
  TEMPORAL_DMS_LOOKS_PER_SECOND       requests a second for looks, at most; default 2
  TEMPORAL_DMS_ARCHIVE_TABLE          a DynamoDB table that keeps every record; needs @aws-sdk/client-dynamodb
  TEMPORAL_DMS_PERMISSIONS            iam: checks before a cutover what the worker may do; needs @aws-sdk/client-iam and -sts
  TEMPORAL_DMS_LAG                    cloudwatch: records the lag at a stop; needs @aws-sdk/client-cloudwatch
  TEMPORAL_DMS_ENDPOINT_FINGERPRINTS  true: records which databases the endpoints lead to
  TEMPORAL_DEPLOYMENT_NAME, TEMPORAL_WORKER_BUILD_ID
                                      both: the worker is versioned

  -h, --help     prints this
  -v, --version  prints the version
`;

await runProgram({ name: 'temporal-dms-worker', usage, options: {}, allowPositionals: false }, async () => {
  const { work } = await import('./worker/program.js');
  await work();
});
