/**
 * Hooks of a cutover between two PostgreSQL servers, as activities.
 *
 * - The **source** and the **target** have a database of the same name. The application writes as the role `app`, or as
 *   the `writers` that you name.
 * - The **pointer** is one row, `traffic`, in a database of its own. The application reads it before it connects.
 *
 * Every hook may run again, and may run late. The row `traffic` holds the newest token, and whether its cutover has gone
 * back. A hook that changes something refuses an older or a closed token, and holds the row's lock until its change is
 * done. Only the replication slot is made without the lock, and dropped again if the token was closed meanwhile.
 */
import { createHash } from 'node:crypto';
import { log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Client, escapeIdentifier } from 'pg';
import type { CutoverCheck, CutoverContext, CutoverDrain, CutoverTraffic } from 'temporal-dms';

/** Addresses of the databases. Each user is an administrator. */
export interface PostgresCutoverOptions {
  /** Connection string of the source's server, without a database, such as `postgres://postgres@10.0.0.1:5432`. */
  readonly source: string;
  /** Connection string of the target's server. */
  readonly target: string;
  /** Connection string of the database with the table `traffic`. */
  readonly pointer: string;
  /** Name of the database that moves. */
  readonly databaseOf: (context: CutoverContext) => string;
  /** Roles that write. `fence` ends their sessions, so the role of these connection strings is not one. Default: `app`. */
  readonly writers?: readonly string[];
}

/** Numbers that a sequence of the target is ahead. Covers numbers that the source handed out and rolled back. */
const SEQUENCE_MARGIN = 1000;
/** Time in which a hook must reach a server, and longest time of a statement. A later attempt tries again. */
const [CONNECT_MS, WORK_MS] = [3000, 6000];
/** Longest time for which a session may hold a lock while it does nothing. */
const IDLE_MS = 30_000;

/** Beginning of the names of replication slots. */
const SLOT_PREFIX = 'dms_cutover_reverse_';

/** Tables of the example. `traffic` belongs to the pointer, `cutover_marker` to the source and the target. */
export const POINTER_SCHEMA = `CREATE TABLE IF NOT EXISTS traffic (
  database text PRIMARY KEY,
  side text NOT NULL CHECK (side IN ('source', 'target')),
  token text COLLATE "C" NOT NULL DEFAULT '',
  is_closed boolean NOT NULL DEFAULT false
)`;
export const MARKER_SCHEMA = 'CREATE TABLE IF NOT EXISTS cutover_marker (token text PRIMARY KEY, lsn text NOT NULL)';

export function createPostgresHooks({
  source,
  target,
  pointer,
  databaseOf,
  writers = ['app'],
}: PostgresCutoverOptions) {
  const onPointer = <T>(work: (client: Client) => Promise<T>) => within(pointer, work);
  const onSource = <T>(context: CutoverContext, work: (client: Client) => Promise<T>) =>
    within(`${source}/${databaseOf(context)}`, work);
  const onTarget = <T>(context: CutoverContext, work: (client: Client) => Promise<T>) =>
    within(`${target}/${databaseOf(context)}`, work);

  /**
   * Takes up the token, and does the work while the row is locked. Refuses a token that is older than the newest one.
   * `closes`: true if the work ends the cutover's changes.
   */
  const withToken = <T>(
    context: CutoverContext,
    closes: boolean,
    work: (client: Client, side: string) => Promise<T>,
  ): Promise<T> =>
    onPointer((client) =>
      inTransaction(client, async () => {
        const { rows } = await client.query<{ side: string }>(
          `UPDATE traffic SET token = $2, is_closed = $3
            WHERE database = $1 AND (token < $2 OR (token = $2 AND (NOT is_closed OR $3))) RETURNING side`,
          [databaseOf(context), context.token, closes],
        );
        const [row] = rows;
        if (row === undefined)
          throw ApplicationFailure.nonRetryable(
            'This cutover has gone back, a later one has begun, or the pointer has no row for it',
          );
        return work(client, row.side);
      }),
    );
  const unlessReturned = <T>(context: CutoverContext, work: (client: Client) => Promise<T>) =>
    withToken(context, false, work);

  return {
    /** New sessions are read-only, old ones end, and nothing is left in flight. */
    async fencePostgres(context: CutoverContext): Promise<void> {
      const database = escapeIdentifier(databaseOf(context));
      await unlessReturned(context, () =>
        onSource(context, async (client) => {
          await client.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
          await endWrites(client, writers);
        }),
      );
    },

    /** Closes this cutover for late calls, lets the source take writes again, and drops what was prepared. */
    async unfencePostgres(context: CutoverContext): Promise<void> {
      const name = databaseOf(context);
      // Closed first, in a transaction of its own, so that the token stays closed if the rest fails.
      await withToken(context, true, async (_, side) => {
        // A late switch may have come first, after the cutover was told that the application uses the source.
        if (side !== 'source')
          throw ApplicationFailure.nonRetryable('The application does not use the source, which stays fenced');
      });
      await withToken(context, true, () =>
        onSource(context, (client) =>
          client.query(`ALTER DATABASE ${escapeIdentifier(name)} RESET default_transaction_read_only`),
        ),
      );
      // The source takes writes. A target that is down must not make that look like a failure.
      await onTarget(context, (client) => dropSlots(client, SLOT_PREFIX)).catch((err: unknown) => {
        log.warn('The source takes writes. A replication slot may be left on the target; drop it by hand', {
          database: name,
          error: String(err),
        });
      });
    },

    /** Writes the marker, behind everything that was written before. */
    async markPostgres(context: CutoverContext): Promise<{ readonly lsn: string }> {
      return unlessReturned(context, () =>
        onSource(context, async (client) => {
          const { rows } = await client.query<{ lsn: string }>(
            `INSERT INTO cutover_marker VALUES ($1, pg_current_wal_lsn()::text)
               ON CONFLICT (token) DO UPDATE SET token = excluded.token RETURNING lsn`,
            [context.token],
          );
          return { lsn: rows[0]?.lsn ?? '' };
        }),
      );
    },

    /** Drained once the target has the marker, and so everything before it. */
    async postgresIsDrained(context: CutoverContext): Promise<CutoverDrain> {
      return onTarget(context, async (client) => {
        const { rowCount } = await client.query('SELECT FROM cutover_marker WHERE token = $1', [context.token]);
        return { drained: rowCount === 1, behind: rowCount === 1 ? 'nothing' : 'the marker' };
      });
    },

    /** Moves each sequence of the target past that of the source. A sequence never goes back. */
    async syncPostgresSequences(context: CutoverContext): Promise<void> {
      await unlessReturned(context, async () => {
        const { rows } = await onSource(context, (client) =>
          client.query<{ name: string; last: string | null }>(
            `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value AS last FROM pg_sequences`,
          ),
        );
        await onTarget(context, async (client) => {
          for (const { name, last } of rows) {
            const next = Number(last ?? 0) + SEQUENCE_MARGIN;
            await client.query(
              `SELECT setval($1::text::regclass, greatest($2::bigint, last_value)) FROM pg_sequences
                WHERE format('%I.%I', schemaname, sequencename) = $1::text`,
              [name, next],
            );
          }
        });
      });
    },

    /** A replication slot keeps everything that will be written on the target, for the way back. */
    async preparePostgresReverse(context: CutoverContext): Promise<void> {
      const slot = slotOf(context);
      const refuseIfReturned = () => unlessReturned(context, async () => {});
      try {
        await refuseIfReturned();
        // A new slot waits for every transaction of its server. The lock of the pointer may be one of them.
        await onTarget(context, (client) =>
          client.query(
            `SELECT pg_create_logical_replication_slot($1, 'test_decoding')
              WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`,
            [slot],
          ),
        );
        // `unfence` may have come meanwhile, and has then found no slot to drop.
        await refuseIfReturned();
      } catch (err) {
        // The slot is the cutover's own. An attempt that goes on makes it again.
        await onTarget(context, (client) => dropSlots(client, slot));
        throw err;
      }
    },

    async switchPostgres(context: CutoverContext): Promise<void> {
      await unlessReturned(context, (client) =>
        client.query(`UPDATE traffic SET side = 'target' WHERE database = $1`, [databaseOf(context)]),
      );
    },

    /**
     * Answers the side that the pointer names, or `both` if sessions can write on the other side. `neither`: the pointer
     * has no row, or the target that it names takes no writes.
     */
    async wherePostgresIs(context: CutoverContext): Promise<CutoverTraffic> {
      const { rows } = await onPointer((client) =>
        client.query<{ side: 'source' | 'target' }>('SELECT side FROM traffic WHERE database = $1', [
          databaseOf(context),
        ]),
      );
      const side = rows[0]?.side;
      if (side === undefined) return 'neither';
      if (side === 'target' && (await onTarget(context, isReadOnly))) return 'neither';
      const other = side === 'source' ? onTarget : onSource;
      const sessions = await other(context, async (client) => {
        if (await isReadOnly(client)) return 0;
        const found = await client.query<{ sessions: number }>(
          `SELECT count(*)::int AS sessions FROM pg_stat_activity
            WHERE usename = ANY ($1) AND datname = current_database()`,
          [writers],
        );
        return found.rows[0]?.sessions ?? 0;
      });
      return sessions > 0 ? 'both' : side;
    },

    /** The target takes a write, and is not fenced itself. */
    async verifyPostgres(context: CutoverContext): Promise<readonly CutoverCheck[]> {
      const isWritable = await onTarget(context, (client) =>
        inTransaction(client, async () => {
          await client.query('CREATE TABLE cutover_probe ()');
          await client.query('DROP TABLE cutover_probe');
          return true;
        }),
      );
      const isFenced = await onTarget(context, isReadOnly);
      const detail = isFenced ? 'The target is read-only by default' : 'Created and dropped a table';
      return [{ name: 'target-takes-writes', ok: isWritable && !isFenced, detail }];
    },
  };
}

/** True if new sessions of the database are read-only, as `fence` makes them. */
async function isReadOnly(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
      WHERE datname = current_database() AND 'default_transaction_read_only=on' = ANY (setconfig)`,
  );
  return (rowCount ?? 0) > 0;
}

/** Returns the name of the cutover's slot. A late call must not drop the slot of a later cutover. */
function slotOf({ token }: CutoverContext): string {
  return `${SLOT_PREFIX}${createHash('sha256').update(token).digest('hex').slice(0, 32)}`;
}

/** Drops the slots of the database whose names begin so. */
async function dropSlots(client: Client, beginning: string): Promise<void> {
  await client.query(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
      WHERE starts_with(slot_name, $1) AND database = current_database() AND NOT active`,
    [beginning],
  );
}

/**
 * Ends the sessions of the writers that may still write. Returns once none is left, and no transaction is prepared.
 *
 * A session that began before the database became read-only may still write. So may a session that was starting then.
 */
async function endWrites(client: Client, writers: readonly string[]): Promise<void> {
  const old = `datname = current_database() AND usename = ANY ($2) AND backend_start < $1::timestamptz`;
  await client.query('SELECT pg_sleep(0.2)');
  const { rows: fenced } = await client.query<{ at: string }>('SELECT clock_timestamp()::text AS at');
  const at = fenced[0]?.at;
  const deadline = Date.now() + WORK_MS;
  for (;;) {
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${old}`, [at, writers]);
    const { rows } = await client.query<{ left: number }>(
      `SELECT (SELECT count(*) FROM pg_stat_activity WHERE ${old})::int
            + (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())::int AS left`,
      [at, writers],
    );
    if (rows[0]?.left === 0) return;
    // A loop that outlives its attempt would keep the pointer locked.
    if (Date.now() > deadline) throw new Error(`${rows[0]?.left} sessions or prepared transactions may still write`);
    await client.query('SELECT pg_sleep(0.1)');
  }
}

async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (err) {
    await client.query('ROLLBACK');
    throw err;
  }
}

/** Runs the work on a connection of its own. A lost connection fails the attempt, and Temporal tries again. */
async function within<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  // The fence makes sessions read-only by default. The sessions of the hooks override that default.
  // A worker that vanished must not keep the row locked.
  const options = `-c idle_in_transaction_session_timeout=${IDLE_MS} -c default_transaction_read_only=off -c statement_timeout=${WORK_MS} -c lock_timeout=${WORK_MS}`;
  const client = new Client({ connectionString, options, connectionTimeoutMillis: CONNECT_MS, query_timeout: WORK_MS });
  let lost: Error | null = null;
  client.on('error', (err) => (lost = err));
  await client.connect();
  try {
    const result = await work(client);
    if (lost !== null) throw lost;
    return result;
  } finally {
    await client.end();
  }
}
