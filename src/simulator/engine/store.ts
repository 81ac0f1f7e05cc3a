import type { SimulatedClock } from './clock.js';
import type { SimulatedReplication } from './replication.js';
import { Schedule } from './schedule.js';

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
  /** Requests that are still on their way. */
  readonly #late = new Schedule();
  /** The time of the request that is being delivered. */
  #deliveredAt: number | null = null;

  constructor(private readonly clock: SimulatedClock) {}

  /** Epoch seconds: the clock's, or those of a late request while it is delivered. */
  get now(): number {
    return this.#deliveredAt ?? this.clock.now() / 1000;
  }

  /** Delivers a request at a time to come, before anything of a later time happens. */
  deliverAt(time: number, deliver: () => void): void {
    this.#late.add(time, deliver);
    this.clock.whenReached(time * 1000, () => this.#deliver());
  }

  #deliver(): void {
    if (this.#deliveredAt !== null) return;
    const now = this.clock.now() / 1000;
    for (let due = this.#late.take(now); due !== null; due = this.#late.take(now)) {
      this.#deliveredAt = due.at;
      try {
        due.apply();
      } finally {
        this.#deliveredAt = null;
      }
    }
  }

  site(accountId: string, region: string): Site {
    this.#deliver();
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
    this.#deliver();
    const replication = this.#byArn.get(arn);
    replication?.advance(this.now);
    if (replication?.isDeleted !== true) return replication;
    this.#byArn.delete(arn);
    const { list } = this.#siteOf(arn);
    list.splice(list.indexOf(replication), 1);
    return undefined;
  }

  /** All of them, with everything that is due. */
  all(): readonly SimulatedReplication[] {
    this.#deliver();
    return [...this.#byArn.keys()].flatMap((arn) => this.find(arn) ?? []);
  }

  clear(): void {
    this.#sites = new Map();
    this.#byArn = new Map();
    this.#late.clear();
  }

  #siteOf(arn: string): Site {
    const [, , , region = '', accountId = ''] = arn.split(':');
    return this.site(accountId, region);
  }
}
