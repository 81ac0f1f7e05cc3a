/** Searches the whole database of a server, and everything that was logged, for secrets that DMS repeats. */
import { createServer, request } from 'node:http';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { format } from 'node:util';
import { expect, test, vi } from 'vitest';
import { startServer } from '../../scripts/temporal-server.js';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import { listen } from '../support/http-servers.js';
import { failureOf, quick, Stage } from '../support/stage.js';

// Runs before the imports, so that the worker logs at every level.
vi.hoisted(() => vi.stubEnv('TEST_LOG', 'all'));

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const sessionToken = `IQoJb3JpZ2luX2VjEXAMPLE${'abc/+='.repeat(60)}`;
const passwords = ['hunter2-named', 'hunter2-odbc', 'hunter2-url', 'hunter2-endpoint', 'hunter2-error'];
const [named, odbc, url, endpoint, inError] = passwords as [string, string, string, string, string];
const secrets = [secretAccessKey, sessionToken, encodeURIComponent(sessionToken), ...passwords];

const said = [
  `Test connection failed: Server=db;password=${named};token=${sessionToken}`,
  `ODBC: DRIVER={x};UID=sa;PWD={${odbc}};`,
  `Last Error mysql://dms:${url}@db:3306/orders refused, signed with ${secretAccessKey}`,
  `x`.repeat(600_000),
  ...Array.from({ length: 40 }, (_, n) => `and so on ${n} ${encodeURIComponent(sessionToken)}`),
];

/** Starts a proxy of the simulator that repeats secrets wherever DMS could. */
async function indiscreetDms(simulator: string) {
  let refusals = 2;
  const spoil = (row: Record<string, unknown>) => {
    const { StopReason: reason } = row;
    if (typeof reason === 'string') row['StopReason'] = `${reason} pwd=${named} ${sessionToken}`;
    row['FailureMessages'] = said;
    row['ProvisionData'] = { ...(row['ProvisionData'] as object), ReasonForNewProvisioningData: sessionToken };
  };
  const server = createServer((asked, answer) => {
    void text(asked).then((body) => {
      const { method = 'POST', headers } = asked;
      const isStop = String(headers['x-amz-target']).endsWith('.StopReplication');
      if (isStop && refusals-- > 0) {
        const message = `It failed for PWD=${inError} of ${sessionToken}`;
        answer.writeHead(500, { 'x-amzn-requestid': sessionToken });
        return answer.end(JSON.stringify({ __type: 'InternalFailure', message }));
      }
      const passed = request(simulator, { method, headers }, (told) => {
        void text(told).then((json) => {
          const result = JSON.parse(json) as Record<string, unknown>;
          for (const row of (result['Replications'] ?? []) as Record<string, unknown>[]) spoil(row);
          if (typeof result['Replication'] === 'object') spoil(result['Replication'] as Record<string, unknown>);
          for (const table of (result['ReplicationTableStatistics'] ?? []) as Record<string, unknown>[]) {
            Object.assign(table, {
              TableState: 'Table error',
              ValidationStateDetails: said[0],
              SchemaName: sessionToken,
            });
          }
          answer.writeHead(told.statusCode ?? 502, { 'x-amzn-requestid': sessionToken });
          answer.end(JSON.stringify(result));
        });
      });
      return passed.end(body);
    });
  });
  return listen(server);
}

/** Returns the needles that occur in the files of a folder. */
async function foundIn(folder: string, needles: readonly string[]): Promise<string[]> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
  return needles.filter((needle) => files.some((file) => file.includes(needle)));
}

test.skipIf(process.env['TEMPORAL_ADDRESS'] !== undefined)(
  'a secret that DMS repeats reaches neither the Temporal database nor a log',
  async () => {
    const logged: string[] = [];
    for (const stream of [process.stderr, process.stdout]) {
      vi.spyOn(stream, 'write').mockImplementation((chunk) => logged.push(String(chunk)) > 0);
    }
    // Vitest takes the console from both streams.
    for (const method of ['debug', 'info', 'log', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...values) => logged.push(format(...values)));
    }
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
    const server = await startServer({ dbFilename: join(folder, 'server.db') });
    try {
      {
        await using stage = await Stage.set(quick, { address: server.address });
        await using dms = await indiscreetDms(stage.simulator.endpoint);
        const credentials = { accessKeyId: 'SIMULATED123456789012', secretAccessKey, sessionToken };
        const withUser = dms.endpoint.replace('//', `//operator:${endpoint}@`);
        const clientFor = ({ region }: { region: string }) =>
          createDmsClient({ region, endpoint: withUser, credentials });
        await stage.work({ dms: createAwsDmsApi({ clientFor }) });

        const running = stage.simulator.createReplication({ tables: 3 });
        const stopped = await stage.dms.stop({ replicationConfigArn: running, settleSeconds: 0 });
        expect(stopped).toMatchObject({
          outcome: 'stopped',
          checkpoint: { stopReason: 'Stop Reason NORMAL pwd=*** ***', stopReasonCode: 'NORMAL' },
          replication: { provisionData: { reasonForNewProvisioningData: '***' } },
        });
        expect(stopped.replication.failureMessages).toHaveLength(10);
        expect(stopped.warnings.map(({ code }) => code)).toContain('endpoint-override');

        const failed = stage.simulator.createReplication({ status: 'failed' });
        const failure = await failureOf(stage.dms.stop({ replicationConfigArn: failed, settleSeconds: 0 }));
        expect(failure.message).toContain('Test connection failed: Server=db;password=***;token=***');
      }
      expect(await foundIn(folder, ['Stop Reason NORMAL pwd=*** ***', 'mysql://***@db:3306/orders'])).toHaveLength(2);
      expect(await foundIn(folder, secrets)).toEqual([]);
      const log = logged.join('');
      expect(log).toContain('It failed for PWD=***');
      expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    } finally {
      vi.restoreAllMocks();
      await server.teardown();
      await rm(folder, { recursive: true });
    }
  },
);
