import type { SimulatedClock } from './clock.js';
import type { SimulatedReplication } from './replication.js';

/** The replications of one account in one region. */
export interface Site {
  readonly accountId: string;
  readonly region: string;
  readonly list: SimulatedReplication[];
}

/** All replications, by account and region. What is due happens to one when it is asked for. */
export class Store {
  #sites = new Map<string, Site>();
  #byArn = new Map<string, SimulatedReplication>();
  #created = 0;

  constructor(private readonly clock: SimulatedClock) {}

  site(accountId: string, region: string): Site {
    const key = `${accountId}:${region}`;
    const site = this.#sites.get(key) ?? { accountId, region, list: [] };
    this.#sites.set(key, site);
    return site;
  }

  add(replication: SimulatedReplication): void {
    if (this.find(replication.arn) !== undefined)
      throw new Error(`The simulator has a replication ${replication.arn} already`);
    replication.sequence = this.#created++;
    this.#byArn.set(replication.arn, replication);
    this.#siteOf(replication.arn).list.push(replication);
  }

  find(arn: string): SimulatedReplication | undefined {
    const replication = this.#byArn.get(arn);
    replication?.advance(this.clock.now() / 1000);
    if (replication?.isDeleted !== true) return replication;
    this.#byArn.delete(arn);
    const { list } = this.#siteOf(arn);
    list.splice(list.indexOf(replication), 1);
    return undefined;
  }

  /** All of them, with everything that is due. */
  all(): readonly SimulatedReplication[] {
    return [...this.#byArn.keys()].flatMap((arn) => this.find(arn) ?? []);
  }

  clear(): void {
    this.#sites = new Map();
    this.#byArn = new Map();
  }

  #siteOf(arn: string): Site {
    const [, , , region = '', accountId = ''] = arn.split(':');
    return this.site(accountId, region);
  }
}
