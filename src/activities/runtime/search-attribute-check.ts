import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { hasSearchAttributes } from '../../contract/search-attributes.js';

/** Time after which a worker asks again: after an answer, and after none. */
const [ASK_AGAIN_MS, RETRY_MS] = [10 * 60_000, 15_000];
const SECONDS_TO_ANSWER = 3;

/** Finds out whether the namespace has the search attributes of ledgers. Asks once in ten minutes. */
export class SearchAttributeCheck {
  #answer: Promise<boolean | undefined> = Promise.resolve(undefined);
  #askAt = -Infinity;

  /** True if the namespace has them. `undefined`: the server gave no answer, so a ledger keeps to what it knows. */
  arePresent(client: Client): Promise<boolean | undefined> {
    if (performance.now() < this.#askAt) return this.#answer;
    this.#askAt = performance.now() + ASK_AGAIN_MS;
    this.#answer = this.#ask(client);
    return this.#answer;
  }

  async #ask(client: Client): Promise<boolean | undefined> {
    try {
      return await hasSearchAttributes(client, SECONDS_TO_ANSWER);
    } catch (err) {
      log.debug('The search attributes of the namespace are not known', { error: String(err) });
      this.#askAt = performance.now() + RETRY_MS;
      return undefined;
    }
  }
}
