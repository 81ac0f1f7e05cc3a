import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { reportMissing } from '../../src/ledger/closing.js';
import { begin, validateBegin } from '../../src/ledger/begin.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { readRequest, schemas } from '../../src/contract/ledger-schemas.js';
import { record, validateRecord } from '../../src/ledger/record.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { arn } from './operations.js';

interface UpdateWithStart {
  readonly args: [unknown];
  readonly startWorkflowOperation: { readonly options: { readonly args: [{ readonly state?: Ledger }] } };
}

/** Pure ledger behind a client for activities. The test sets its time. */
export class FakeLedger {
  /** State of the ledger. `null`: there is no ledger. */
  state: Ledger | null;
  /** Accepted updates, oldest first, as short texts, such as `begin` or the type of a record. */
  readonly told: string[] = [];
  /** The test's clock, in ms. */
  now = Date.UTC(2026, 0, 1);
  /** True if a person terminated the ledger. A terminated ledger still answers queries. */
  isTerminated = false;
  /** Called before each update. */
  before: () => void = () => {};

  constructor(state: Ledger | null = null) {
    this.state = state;
  }

  get client(): Client {
    const handle = {
      executeUpdate: async (name: string, { args: [request] }: { args: [unknown] }) => {
        if (this.state === null || this.isTerminated)
          throw new WorkflowNotFoundError('No open ledger', 'dms-ledger', undefined);
        return this.#update(name, request);
      },
      query: async () => {
        if (this.state === null) throw new WorkflowNotFoundError('No ledger', 'dms-ledger', undefined);
        return this.state;
      },
      describe: async () => {
        if (this.isTerminated) return { status: { name: 'TERMINATED' }, runId: 'run', taskQueue: 'ledgers' };
        throw new WorkflowNotFoundError('No ledger', 'dms-ledger', undefined);
      },
    };
    const workflow = {
      getHandle: () => handle,
      executeUpdateWithStart: async (name: string, { args: [request], startWorkflowOperation }: UpdateWithStart) => {
        if (this.isTerminated) throw new WorkflowExecutionAlreadyStartedError('Exists', 'dms-ledger', 'dmsLedger');
        // A refused update leaves a started workflow behind, as on a server.
        this.state ??= startWorkflowOperation.options.args[0].state ?? emptyLedger(arn);
        return this.#update(name, request);
      },
    };
    return { workflow, withDeadline: (_: number, ask: () => unknown) => ask() } as unknown as Client;
  }

  #update(name: string, request: unknown): unknown {
    this.before();
    const state = this.state ?? emptyLedger(arn);
    const now = new Date(this.now).toISOString();
    try {
      const changed = this.#transition(state, name, JSON.parse(JSON.stringify(request ?? null)), now);
      this.state = changed.ledger;
      return JSON.parse(JSON.stringify(changed.reply)) as unknown;
    } catch (err) {
      throw new WorkflowUpdateFailedError('Refused', err as ApplicationFailure);
    }
  }

  #transition(state: Ledger, name: string, request: unknown, now: string) {
    switch (name) {
      case 'dms.begin': {
        const read = readRequest(arn, name, schemas.begin, request);
        validateBegin(state, read, now);
        this.told.push(read.call === null ? 'begin' : `begin and note a ${read.operation.kind}`);
        return begin(state, read, now);
      }
      case 'dms.record': {
        const read = readRequest(arn, name, schemas.record, request);
        validateRecord(state, read, now);
        this.told.push(read.type);
        return record(state, read, now);
      }
      case 'dms.gone':
        this.told.push('gone');
        return reportMissing(state, null, now);
      default:
        throw new Error(`No update ${name}`);
    }
  }
}
