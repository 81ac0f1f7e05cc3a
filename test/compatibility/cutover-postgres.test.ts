/** Cutovers between two real PostgreSQL servers, with kills of the worker and of the servers. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Client as PostgresClient } from 'pg';
import { expect, inject, test } from 'vitest';
import { createPostgresHooks, POINTER_SCHEMA } from '../../examples/cutover-postgres/hooks.js';
import { postgresCutover } from '../../examples/cutover-postgres/input.js';
import { ReplicationClient } from '../../src/client/index.js';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import { isDmsFailure, type CutoverCheck, type CutoverContext } from '../../src/index.js';
import { seededRandom } from '../../src/simulator/engine/clock.js';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { attempt } from '../support/attempts.js';
import { quick, until } from '../support/stage.js';
import { createShared, ReplicatedApplication } from './cutover-application.js';
import { KillableWorker } from './killable-worker.js';
import { PostgresServer } from './postgres.js';

const CUTOVERS = 20;
const WRITERS = 3;
const ada = { by: 'ada', reason: 'looked' };

/** Longest time for which the cutover, or the pointer, may give no answer because of a kill. */
const SILENCE_MS = 120_000;

/** Takes the decisions of a person who looks at the pointer, until the cutover is over. */
async function decide(
  cutover: CutoverHandle,
  application: ReplicatedApplication,
  isOver: () => boolean,
): Promise<void> {
  let answeredAt = Date.now();
  const look = async (): Promise<boolean> => {
    try {
      const { phase, allowed } = await cutover.status();
      if (allowed.includes('decide')) {
        const decision =
          phase === 'return-failed' ? ({ undo: 'retry' } as const) : { traffic: await application.side() };
        await cutover.decide({ ...ada, ...decision });
      }
      answeredAt = Date.now();
    } catch (err) {
      if (!isOver() && Date.now() - answeredAt > SILENCE_MS) throw err;
    }
    return isOver();
  };
  await until('the cutover is over', look, 900);
}

test('cutovers under kills of worker and databases lose no row, and never have two writers', async () => {
  await using source = await PostgresServer.start();
  await using target = await PostgresServer.start();
  const servers = { source, target };
  await createShared(servers);
  const simulator = await startDmsSimulator(quick);
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const taskQueue = `postgres-${randomUUID()}`;
  await using worker = new KillableWorker(new URL('cutover-worker.ts', import.meta.url), {
    TASK_QUEUE: taskQueue,
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
    SOURCE_URL: source.url,
    TARGET_URL: target.url,
    POINTER_URL: `${target.url}/pointer`,
  });
  try {
    await worker.begin();
    const dms = new ReplicationClient({ client: new Client({ connection }), taskQueue });
    const outcomes: string[] = [];
    const numbers = Array.from({ length: CUTOVERS }, (_, n) => n);
    const applications = await Promise.all(
      numbers.map(async (n) => {
        const arn = simulator.createReplication({ status: 'running' });
        const application = new ReplicatedApplication(
          `orders_${n}_${randomUUID().slice(0, 8)}`,
          arn,
          servers,
          simulator,
        );
        await application.create();
        application.begin(WRITERS);
        return application;
      }),
    );
    let isOver = false;
    const killing = killAtRandom(worker, servers, () => isOver);
    const results = await Promise.all(
      applications.map(async (application) => {
        const cutover = await dms.startCutover({
          ...postgresCutover(application.database, [application.arn]),
          requestedBy: 'ada',
          reason: 'orders move',
          writesStoppedSeconds: 240,
          gates: { lag: 'ignore' },
          approval: { required: false },
          stop: { settleSeconds: 1 },
        });
        let hasEnded = false;
        const [result] = await Promise.all([
          cutover.result().finally(() => (hasEnded = true)),
          decide(cutover, application, () => hasEnded),
        ]);
        return result;
      }),
    );
    isOver = true;
    const kills = await killing;
    expect([worker, source, target].filter((each) => !kills.has(each))).toEqual([]);
    await Promise.all(
      applications.map(async (application) => {
        const side = await application.side();
        await until('the application writes on its side', () => application.accepted.at(-1)?.side === side);
      }),
    );
    for (const [n, application] of applications.entries()) {
      await application.end();
      outcomes.push(results[n]?.outcome ?? 'missing');
      await check(application, results[n]?.outcome, dms);
    }
    expect(outcomes).toHaveLength(CUTOVERS);
    expect(outcomes).toContain('switched');
  } finally {
    await connection.close();
    await simulator.close();
  }
}, 900_000);

/** Two servers with one database, a pointer on the source, and the hooks between them. */
async function withHooks(
  work: (stage: {
    readonly source: PostgresServer;
    readonly target: PostgresServer;
    readonly hooks: ReturnType<typeof createPostgresHooks>;
    readonly context: CutoverContext;
  }) => Promise<void>,
): Promise<void> {
  await using source = await PostgresServer.start();
  await using target = await PostgresServer.start();
  for (const server of [source, target]) {
    await server.query('postgres', 'CREATE ROLE app LOGIN');
    await server.query('postgres', `CREATE DATABASE ${database}`);
    await server.query(
      database,
      'CREATE TABLE numbered (id bigserial); GRANT ALL ON numbered TO app; GRANT ALL ON SEQUENCE numbered_id_seq TO app',
    );
  }
  await source.query(database, `${POINTER_SCHEMA}; INSERT INTO traffic VALUES ('${database}', 'source')`);
  const hooks = createPostgresHooks({
    source: source.url,
    target: target.url,
    pointer: `${source.url}/${database}`,
    databaseOf: () => database,
  });
  const context = { cutoverId: database, token: '2026-01-01T00:00:00.000Z' } as CutoverContext;
  await work({ source, target, hooks, context });
}

const database = 'orders';

test(
  'a source is unfenced while the target is down',
  () =>
    withHooks(async ({ source, target, hooks, context }) => {
      await attempt().run(() => hooks.fencePostgres(context));
      await target.kill();
      const write = () => source.query(database, 'CREATE TABLE written ()');
      await expect(write()).rejects.toThrow('read-only');
      await attempt().run(() => hooks.unfencePostgres(context));
      await write();
    }),
  180_000,
);

test(
  'the fence ends open transactions, and fails while a prepared one may still commit',
  () =>
    withHooks(async ({ source, hooks, context }) => {
      const connect = async () => {
        const connectionString = `${source.url.replace('postgres@', 'app@')}/${database}`;
        const client = new PostgresClient({ connectionString });
        client.on('error', () => undefined);
        await client.connect();
        return client;
      };
      const [open, prepared] = [await connect(), await connect()];
      await open.query('BEGIN');
      await open.query('INSERT INTO numbered DEFAULT VALUES');
      await prepared.query('BEGIN');
      await prepared.query('INSERT INTO numbered DEFAULT VALUES');
      await prepared.query("PREPARE TRANSACTION 'left'");

      const fence = () => attempt().run(() => hooks.fencePostgres(context));
      await expect(fence()).rejects.toThrow('prepared transactions may still write');
      await expect(open.query('COMMIT')).rejects.toThrow();
      expect(await source.query(database, 'SELECT id FROM numbered')).toEqual([]);

      await source.query(database, "COMMIT PREPARED 'left'");
      await fence();
      expect(await source.query(database, 'SELECT id FROM numbered')).toHaveLength(1);
      await expect((await connect()).query('INSERT INTO numbered DEFAULT VALUES')).rejects.toThrow('read-only');
    }),
  180_000,
);

test(
  "sequences of the target go on past the source's",
  () =>
    withHooks(async ({ source, target, hooks, context }) => {
      await source.query(database, 'INSERT INTO numbered SELECT FROM generate_series(1, 50)');
      await attempt().run(() => hooks.fencePostgres(context));
      await attempt().run(() => hooks.syncPostgresSequences(context));
      await attempt().run(() => hooks.syncPostgresSequences(context));
      const [row] = await target.query<{ id: string }>(database, 'INSERT INTO numbered DEFAULT VALUES RETURNING id');
      expect(Number(row?.id)).toBeGreaterThan(50 + 999);
      expect(await attempt().run(() => hooks.verifyPostgres(context))).toMatchObject([{ ok: true }]);
    }),
  180_000,
);

test(
  'the slot of the reverse replication is kept until the source is unfenced',
  () =>
    withHooks(async ({ target, hooks, context }) => {
      const slots = () => target.query(database, 'SELECT slot_name FROM pg_replication_slots');
      await attempt().run(() => hooks.preparePostgresReverse(context));
      await attempt().run(() => hooks.preparePostgresReverse(context));
      await attempt().run(() => hooks.fencePostgres(context));
      await attempt().run(() => hooks.syncPostgresSequences(context));
      expect(await slots()).toHaveLength(1);
      await attempt().run(() => hooks.unfencePostgres(context));
      expect(await slots()).toEqual([]);
    }),
  180_000,
);

test(
  'a slot that is made while the source is unfenced is dropped again, and that of a later cutover is kept',
  () =>
    withHooks(async ({ target, hooks, context }) => {
      const slots = () =>
        target.query<{ slot: string }>(database, 'SELECT slot_name AS slot FROM pg_replication_slots');
      // A new slot waits for the end of this transaction.
      const open = new PostgresClient({ connectionString: `${target.url}/${database}` });
      await open.connect();
      await open.query('BEGIN');
      await open.query('INSERT INTO numbered DEFAULT VALUES');
      const late = attempt().run(() => hooks.preparePostgresReverse(context));
      const refused = expect(late).rejects.toThrow('This cutover has gone back');
      await until('the slot is being made', async () => (await slots()).length === 1);
      const later = { ...context, token: `${context.token}-later` };
      await attempt().run(() => hooks.unfencePostgres(later));
      await open.query('COMMIT');
      await open.end();
      await refused;
      expect(await slots()).toEqual([]);
      const latest = { ...context, token: `${context.token}-latest` };
      await attempt().run(() => hooks.preparePostgresReverse(latest));
      await expect(attempt().run(() => hooks.preparePostgresReverse(context))).rejects.toThrow('has gone back');
      expect(await slots()).toHaveLength(1);
      await attempt().run(() => hooks.unfencePostgres(latest));
    }),
  180_000,
);

test(
  'the traffic is found by asking both sides, and the verification finds a target that takes no writes',
  () =>
    withHooks(async ({ source, target, hooks, context }) => {
      const where = () => attempt().run(() => hooks.wherePostgresIs(context));
      const verified = async () => {
        const checks = (await attempt().run(() => hooks.verifyPostgres(context))) as readonly CutoverCheck[];
        return checks.map(({ ok }) => ok);
      };
      expect(await where()).toBe('source');
      const client = new PostgresClient({ connectionString: `${target.url.replace('postgres@', 'app@')}/${database}` });
      await client.connect();
      expect(await where()).toBe('both');
      await client.end();
      await until('the session has ended', async () => (await where()) === 'source');
      await attempt().run(() => hooks.fencePostgres(context));
      await attempt().run(() => hooks.switchPostgres(context));
      expect([await where(), ...(await verified())]).toEqual(['target', true]);
      await target.query('postgres', `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      expect([await where(), ...(await verified())]).toEqual(['neither', false]);
      await source.query(database, 'BEGIN READ WRITE; DELETE FROM traffic; COMMIT');
      expect(await where()).toBe('neither');
    }),
  180_000,
);

async function check(
  application: ReplicatedApplication,
  outcome: string | undefined,
  dms: ReplicationClient,
): Promise<void> {
  const { accepted, surprises, arn } = application;
  expect(surprises).toEqual([]);
  const final = outcome === 'switched' ? 'target' : 'source';
  expect(await application.side()).toBe(final);
  const [onSource, onTarget] = [await application.rows('source'), await application.rows('target')];
  expect(onSource.filter(({ side }) => side === 'target')).toEqual([]);
  const present = new Set((final === 'target' ? onTarget : onSource).map(({ writer, n }) => `${writer} ${n}`));
  expect(accepted.filter(({ writer, n }) => !present.has(`${writer} ${n}`))).toEqual([]);
  const [bySource, byTarget] = [
    accepted.filter(({ side }) => side === 'source'),
    accepted.filter(({ side }) => side === 'target'),
  ];
  expect(bySource.length).toBeGreaterThan(0);
  if (final === 'target') {
    const lastOnSource = Math.max(...bySource.map(({ to }) => to));
    expect(byTarget.length).toBeGreaterThan(0);
    expect(Math.min(...byTarget.map(({ from }) => from))).toBeGreaterThanOrEqual(lastOnSource);
    const copied = new Set(onTarget.map(({ writer, n }) => `${writer} ${n}`));
    expect(onSource.filter(({ writer, n }) => !copied.has(`${writer} ${n}`))).toEqual([]);
    // A row that lost its answer on the source must not be written anew on the target.
    const sides = new Map(onTarget.map(({ writer, n, side }) => [`${writer} ${n}`, side]));
    expect(onSource.filter(({ writer, n, side }) => sides.get(`${writer} ${n}`) !== side)).toEqual([]);
  } else {
    expect(byTarget).toEqual([]);
    expect(onTarget.filter(({ side }) => side === 'target')).toEqual([]);
  }
  // The worker may have been killed a moment ago.
  const { sealed, reservation } = await until('the ledger answers', () =>
    dms.ledger(arn).catch((err: unknown) => {
      if (!isDmsFailure(err, 'DmsLedgerUnavailable')) throw err;
      return null;
    }),
  );
  expect([sealed !== null, reservation]).toEqual([final === 'target', null]);
}

/**
 * Kills the worker or a server every few seconds, and starts it again. Returns what was killed. The seed gives the same
 * times again, not the same moments of the cutovers.
 */
async function killAtRandom(
  worker: KillableWorker,
  { source, target }: Readonly<Record<'source' | 'target', PostgresServer>>,
  isOver: () => boolean,
): Promise<ReadonlySet<unknown>> {
  const kills = new Set<unknown>();
  const seed = Number(process.env['SEED'] ?? Date.now());
  console.log(`Kills of the cutovers on PostgreSQL: SEED=${seed}`);
  const random = seededRandom(seed);
  for (let n = 0; !isOver(); n++) {
    await sleep(2500 + random() * 5000);
    // Each kill of the worker costs its activities a heartbeat timeout, so it is rarer.
    const killed = n % 5 === 2 ? worker : n % 2 === 0 ? source : target;
    await killed.kill();
    kills.add(killed);
    await sleep(random() * 1000);
    await killed.begin();
  }
  return kills;
}
