/** Measures one ledger with more operations than any replication will have. Its history must stay short and replay. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { findServer } from '../scripts/temporal-server.js';
import { emptyLedger } from '../src/ledger/entries.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from '../src/contract/names.js';
import type { BeginRequest, RecordRequest } from '../src/contract/ledger-protocol.js';
import type { CheckpointDraft } from '../src/contract/records.js';
import type { Ledger, OperationRef } from '../src/contract/ledger-state.js';
import { say, type Report } from './report.js';

const OPERATIONS = 100_000;
/** Token of all requests. Concurrent requests need the same token, because the ledger rejects an older one. */
const TOKEN = Date.UTC(2026, 0, 1);
const TASK_QUEUE = 'bench';
/** Number of concurrent requests. Temporal allows ten updates of a workflow at once. */
const AT_ONCE = 8;
const MOST_EVENTS = 5000;
const MOST_BYTES = 5_000_000;
const REPLAYED = 20;
const replicationConfigArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:OFTEN';
const workflowsPath = fileURLToPath(new URL('../dist/workflows/index.js', import.meta.url));

/** Returns a stop as the activities report it to the ledger. */
function stopOf(n: number): { readonly operation: OperationRef; readonly checkpoint: CheckpointDraft } {
  const stoppedAt = new Date(TOKEN + n * 1000).toISOString();
  const who = { requestedBy: 'bench', reason: 'as often as can be' };
  const run = { workflowId: `dms:${replicationConfigArn}`, runId: `run-${n}` };
  const operation: OperationRef = {
    kind: 'stop',
    operationId: `op-${n}`,
    ...run,
    firstRunId: run.runId,
    parentWorkflowId: null,
    ...who,
  };
  const checkpoint: CheckpointDraft = {
    version: 1,
    replicationConfigArn,
    operationId: operation.operationId,
    intent: 'pause',
    recoveryCheckpoint: `checkpoint:V1#${n}#mysql-bin-changelog.000024:1167:-1:1167`,
    settled: 'agreed',
    stopReason: 'Stop Reason NORMAL',
    stopReasonCode: 'NORMAL',
    status: 'stopped',
    stoppedAt,
    resumeBy: null,
    resumeBySource: null,
    replicationType: 'cdc',
    sourceEndpointArn: null,
    targetEndpointArn: null,
    replicationCreateTime: null,
    freshStartDate: null,
    ...who,
    ...run,
  };
  return { operation, checkpoint };
}

export async function measureLedger({ promised }: Report, [stops = OPERATIONS]: readonly number[]): Promise<void> {
  const server = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: await findServer('dev'),
      log: { level: 'error', format: 'json' },
    },
  });
  const [connection, native] = await Promise.all([
    Connection.connect({ address: server.address }),
    NativeConnection.connect({ address: server.address }),
  ]);
  try {
    const client = new Client({ connection });
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    const worker = await Worker.create({ connection: native, taskQueue: TASK_QUEUE, workflowBundle });
    const workflowId = ledgerWorkflowId(replicationConfigArn);
    const handle = client.workflow.getHandle(workflowId);
    /** Sends an update. Sends it again if it falls between two runs, as the activities do. */
    const update = async (name: string, request: object) => {
      const updateId = randomUUID();
      for (;;) {
        try {
          return await handle.executeUpdate(name, { args: [request], updateId });
        } catch (err) {
          if (!isGrpcServiceError(err)) throw err;
        }
      }
    };
    const tell = async (n: number) => {
      const { operation, checkpoint } = stopOf(n);
      const begin: BeginRequest = {
        token: TOKEN,
        operation,
        call: null,
        isAnswered: true,
        intent: 'pause',
        sequence: null,
        status: 'stopping',
        taskQueue: TASK_QUEUE,
      };
      const record: RecordRequest = {
        type: 'stopped',
        token: TOKEN,
        operation,
        checkpoint,
        tables: null,
        resumeWithinSeconds: null,
        taskQueue: TASK_QUEUE,
        archives: false,
        outcome: 'stopped',
        failureType: null,
        failureMessage: null,
        awsRequestIds: [`request-${n}`],
        finishedBy: null,
        isAnswered: true,
      };
      await update(messageNames.begin, begin);
      await update(messageNames.record, record);
    };
    const begun = performance.now();
    const ledger = await worker.runUntil(async () => {
      const args = [{ replicationConfigArn, state: emptyLedger(replicationConfigArn) }];
      await client.workflow.start(workflowTypes.ledger, { workflowId, taskQueue: TASK_QUEUE, args });
      let next = 1;
      const lane = async () => {
        for (let n = next++; n <= stops; n = next++) await tell(n);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return handle.query<Ledger>(messageNames.ledger);
    });
    const seconds = (performance.now() - begun) / 1000;
    const runs: { readonly runId: string; readonly events: number; readonly bytes: number }[] = [];
    for await (const { runId, historyLength, historySize = 0 } of client.workflow.list({
      query: `WorkflowId = "${workflowId}"`,
    }))
      runs.push({ runId, events: historyLength, bytes: historySize });
    const sample = runs.filter((_, n) => n % Math.ceil(runs.length / REPLAYED) === 0);
    for (const { runId } of sample) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
    }
    const longest = Math.max(...runs.map(({ events }) => events));
    const largest = Math.max(...runs.map(({ bytes }) => bytes));
    const kept = (what: string, isKept: boolean) =>
      say(`- ${promised(`a ledger of ${stops} operations`, what, isKept)}`);
    say(
      `${stops} stops were recorded in one ledger, ${AT_ONCE} at once, in ${seconds.toFixed(0)} s and ${runs.length} runs:`,
    );
    say();
    kept(`each has its sequence: the last is ${ledger.lastSequence}`, ledger.lastSequence === stops);
    kept(`the longest run has ${longest} events`, longest <= MOST_EVENTS);
    kept(`the largest is ${(largest / 1e6).toFixed(1)} MB`, largest <= MOST_BYTES);
    const bytes = JSON.stringify(ledger).length;
    kept(`the ledger holds ${ledger.checkpoints.length} records in ${(bytes / 1000).toFixed(0)} kB`, bytes <= 200_000);
    kept(`${sample.length} runs, from the first to the last, were replayed`, sample.length > 1);
  } finally {
    await native.close();
    await connection.close();
    await server.teardown();
  }
}
