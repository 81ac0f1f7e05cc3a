import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { searchAttributesQuery } from '../../contract/search-attributes.js';

/** Time after which a worker asks again. */
const ASK_AGAIN_MS = 10 * 60_000;
const SECONDS_TO_ANSWER = 3;

/** Finds out whether the namespace has the search attributes of ledgers. Asks once in ten minutes. */
export class SearchAttributeProbe {
  #answer: Promise<boolean> = Promise.resolve(false);
  #askedAt = -Infinity;

  /** A namespace that does not answer counts as one without them. An upsert of unknown ones would fail the ledger. */
  exist(client: Client): Promise<boolean> {
    if (performance.now() - this.#askedAt < ASK_AGAIN_MS) return this.#answer;
    this.#askedAt = performance.now();
    this.#answer = this.#ask(client);
    return this.#answer;
  }

  async #ask(client: Client): Promise<boolean> {
    try {
      const deadline = Date.now() + SECONDS_TO_ANSWER * 1000;
      await client.withDeadline(deadline, () => client.workflow.count(searchAttributesQuery));
      return true;
    } catch (err) {
      log.debug('The namespace has no search attributes of temporal-dms', { reason: String(err) });
      return false;
    }
  }
}
