/** Application of a cutover test: writers, and the lines that copy rows in DMS's place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { MARKER_SCHEMA, POINTER_SCHEMA } from '../../examples/cutover-postgres/hooks.js';
import type { DmsSimulator } from '../../src/simulator/index.js';
import type { PostgresServer } from './postgres.js';

type Side = 'source' | 'target';

/** Write that the database accepted, with the times before and after it, in ms. */
interface Accepted {
  readonly writer: number;
  readonly n: number;
  readonly side: Side;
  readonly from: number;
  readonly to: number;
}

const ORDERS = `CREATE TABLE orders (writer int, n int, side text NOT NULL, id bigserial, PRIMARY KEY (writer, n))`;
const COPY_MS = 300;
const WRITE_MS = 100;

/** One database with its writers and its replication. */
export class ReplicatedApplication {
  readonly accepted: Accepted[] = [];
  /** Errors other than a lost connection or a fenced database. */
  readonly surprises: string[] = [];
  #isOver = false;
  readonly #loops: Promise<void>[] = [];

  constructor(
    readonly database: string,
    readonly arn: string,
    private readonly servers: Readonly<Record<Side, PostgresServer>>,
    private readonly simulator: DmsSimulator,
  ) {}

  /** Creates the databases on both sides, and the row of the pointer. */
  async create(): Promise<void> {
    for (const server of Object.values(this.servers)) {
      await server.query('postgres', `CREATE DATABASE ${this.database}`);
      await server.query(
        this.database,
        `${ORDERS}; ${MARKER_SCHEMA}; GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app`,
      );
    }
    await this.servers.target.query('pointer', `INSERT INTO traffic VALUES ($1, 'source')`, [this.database]);
  }

  /** Begins to write and to copy. */
  begin(writers: number): void {
    for (let writer = 0; writer < writers; writer++) this.#loops.push(this.#write(writer));
    this.#loops.push(this.#copy());
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async side(): Promise<Side> {
    const [row] = await this.servers.target.query<{ side: Side }>(
      'pointer',
      'SELECT side FROM traffic WHERE database = $1',
      [this.database],
    );
    if (row === undefined) throw new Error('The pointer has no row');
    return row.side;
  }

  rows(side: Side): Promise<{ writer: number; n: number; side: Side }[]> {
    return this.servers[side].query(this.database, 'SELECT writer, n, side FROM orders');
  }

  /**
   * Writes one row after the other where the pointer says. Writes a row again until a side has accepted it.
   *
   * Only the first writer reads the pointer before each row. The others keep their session while it takes writes, as
   * applications with a pool do. So only a fence that ends sessions keeps them from writing on the source.
   */
  async #write(writer: number): Promise<void> {
    let connection = null as { client: Client; side: Side } | null;
    const close = async () => {
      await connection?.client.end().catch(() => undefined);
      connection = null;
    };
    for (let n = 0; !this.#isOver;) {
      try {
        const side = connection === null || writer === 0 ? await this.side() : connection.side;
        if (connection?.side !== side) {
          await close();
          const url = this.servers[side].url.replace('postgres@', 'app@');
          const client = new Client({ connectionString: `${url}/${this.database}`, connectionTimeoutMillis: 3000 });
          client.on('error', () => undefined); // the query fails, too
          await client.connect();
          connection = { client, side };
        }
        const from = Date.now();
        // The answer to an earlier try may have been lost.
        await connection.client.query('INSERT INTO orders VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
          writer,
          n,
          side,
        ]);
        this.accepted.push({ writer, n, side, from, to: Date.now() });
        n++;
      } catch (err) {
        if (!isExpected(err)) this.surprises.push(String(err));
        await close();
        await sleep(WRITE_MS * 5);
      }
      await sleep(WRITE_MS);
    }
    await close();
  }

  /** Copies rows from the source to the target while DMS shows the replication as running. */
  async #copy(): Promise<void> {
    while (!this.#isOver) {
      await this.#copyOnce().catch((err: unknown) => {
        if (!isExpected(err)) this.surprises.push(String(err));
      });
      await sleep(COPY_MS);
    }
  }

  async #copyOnce(): Promise<void> {
    const isRunning = () => ['running', 'stopping'].includes(this.simulator.row(this.arn).Status);
    if (!isRunning()) return;
    const [source, target] = [this.servers.source, this.servers.target];
    // The marker is read first: every row that was written before it is then among the rows.
    const markers = await source.query<{ token: string; lsn: string }>(
      this.database,
      'SELECT token, lsn FROM cutover_marker',
    );
    const orders = await source.query(this.database, 'SELECT writer, n, side, id FROM orders');
    if (!isRunning()) return;
    await target.query(
      this.database,
      `WITH copied AS (INSERT INTO orders SELECT * FROM jsonb_to_recordset($1) AS o (writer int, n int, side text, id bigint)
         ON CONFLICT DO NOTHING)
       INSERT INTO cutover_marker SELECT * FROM jsonb_to_recordset($2) AS m (token text, lsn text) ON CONFLICT DO NOTHING`,
      [JSON.stringify(orders), JSON.stringify(markers)],
    );
  }
}

/** Creates what all applications share. */
export async function createShared(servers: Readonly<Record<Side, PostgresServer>>): Promise<void> {
  for (const server of Object.values(servers)) await server.query('postgres', 'CREATE ROLE app LOGIN');
  await servers.target.query('postgres', 'CREATE DATABASE pointer');
  await servers.target.query('pointer', `${POINTER_SCHEMA}; GRANT SELECT ON traffic TO app`);
}

/** True for a database that is down, that ends sessions, or that takes no writes. */
function isExpected(err: unknown): boolean {
  const { code = '', message = '' } = err as { readonly code?: string; readonly message?: string };
  const isDown =
    /^(ECONN|EPIPE|57P0|08)/.test(code) ||
    /terminat|timeout|ended|closed|connection error|starting up|shut/i.test(message);
  return isDown || code === '25006'; // read_only_sql_transaction
}
