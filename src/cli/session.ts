import type { Client } from '@temporalio/client';
import type { ReplicationClient } from '../client/index.js';
import { CODEC_MODULE } from '../data-converter.js';
import type { Place } from './connection.js';
import type { GlobalOptions } from './globals.js';
import { Output } from './output.js';
import { pasteable } from './pasteable.js';
import type { Terminal } from './terminal.js';

interface Connected {
  readonly client: Client;
  readonly place: Place;
  readonly replications: ReplicationClient;
}

/** Run of one command: its options, its output, and its connection, which is made when it is first needed. */
export class Session {
  readonly output: Output;
  #connected: Promise<Connected> | null = null;

  constructor(
    readonly globals: GlobalOptions,
    readonly terminal: Terminal,
  ) {
    this.output = new Output(terminal, globals, pasteable(globals));
  }

  get taskQueue(): string {
    return this.globals.taskQueue ?? (this.terminal.env['TEMPORAL_TASK_QUEUE'] || 'temporal-dms');
  }

  connect(): Promise<Connected> {
    return (this.#connected ??= this.#connect());
  }

  /** Returns the client of replications, connected. */
  async replications(): Promise<ReplicationClient> {
    return (await this.connect()).replications;
  }

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => null);
    await connected?.client.connection.close();
  }

  /** Loads Temporal's client only when a command needs it, because that takes most of the start. */
  async #connect(): Promise<Connected> {
    const [{ connect }, { ReplicationClient }] = await Promise.all([
      import('./connection.js'),
      import('../client/index.js'),
    ]);
    const { env } = this.terminal;
    const { client, place } = await connect(this.globals, env);
    const { codecEndpoint = env['TEMPORAL_CODEC_ENDPOINT'] } = this.globals;
    if (codecEndpoint && !env[CODEC_MODULE])
      this.output.say(
        `Payloads are not encoded: temporal-dms ignores --codec-endpoint and TEMPORAL_CODEC_ENDPOINT. Name the module of your data converter: ${CODEC_MODULE}=./codec.mjs`,
      );
    return { client, place, replications: new ReplicationClient({ client, taskQueue: this.taskQueue }) };
  }
}

/** Action of a command. Returns an exit code, or nothing for a success. */
export type Action<Given extends readonly unknown[]> = (
  session: Session,
  ...given: Given
) => Promise<number | undefined | void>;

/** Turns an action into a function for commander, which passes arguments, options and the command itself. */
export type Runner = <Given extends readonly unknown[]>(
  action: Action<Given>,
) => (...given: unknown[]) => Promise<void>;
