import type { SimulatedClock } from './clock.js';
import type { SimulatedReplication } from './replication.js';
import { Resources } from './resources.js';
import { Schedule } from './schedule.js';

/** Replications and other resources of one account-region. */
export interface AccountRegionReplications {
  readonly accountId: string;
  readonly region: string;
  readonly list: SimulatedReplication[];
  readonly resources: Resources;
}

/** State that looks would have shown at one time. */
export interface Snapshot {
  /** Replications, by ARN. */
  readonly replications: ReadonlyMap<string, SimulatedReplication['now']>;
  /** Other resources, by those of today. */
  readonly resources: ReadonlyMap<Resources, Resources>;
}

/** All replications, by account-region. A lookup runs the due events of its replication first. */
export class Store {
  #sites = new Map<string, AccountRegionReplications>();
  #byArn = new Map<string, SimulatedReplication>();
  #created = 0;
  /** Late requests that are not delivered yet. */
  readonly #late = new Schedule();
  /** Delivery time of the late request in progress. `null`: there is none. */
  #deliveredAt: number | null = null;

  constructor(private readonly clock: SimulatedClock) {}

  /** Present time in epoch seconds. While a late request is delivered, this is its delivery time. */
  get now(): number {
    return this.#deliveredAt ?? this.clock.now() / 1000;
  }

  /** Delivers a request at a future time, before any event of a later time. */
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

  site(accountId: string, region: string): AccountRegionReplications {
    this.#deliver();
    const key = `${accountId}:${region}`;
    const site = this.#sites.get(key) ?? { accountId, region, list: [], resources: new Resources() };
    this.#sites.set(key, site);
    return site;
  }

  add(replication: SimulatedReplication): void {
    const { list } = this.#siteOf(replication.arn);
    const { ReplicationConfigIdentifier: identifier } = replication.config;
    const namesake = list.find(({ config }) => config.ReplicationConfigIdentifier === identifier);
    if (this.find(replication.arn) !== undefined)
      throw new Error(`The simulator has a replication ${replication.arn} already`);
    if (namesake !== undefined && this.find(namesake.arn) !== undefined)
      throw new Error(`The simulator has a replication ${identifier} already: ${namesake.arn}`);
    replication.sequence = this.#created++;
    this.#byArn.set(replication.arn, replication);
    list.push(replication);
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

  /** Returns all replications, after their due events. */
  all(): readonly SimulatedReplication[] {
    this.#deliver();
    return [...this.#byArn.keys()].flatMap((arn) => this.find(arn) ?? []);
  }

  /** Returns a copy of what looks would show now. */
  snapshot(): Snapshot {
    return {
      replications: new Map(this.all().map(({ arn, now }) => [arn, structuredClone(now)])),
      resources: new Map([...this.#sites.values()].map(({ resources }) => [resources, resources.copy()])),
    };
  }

  clear(): void {
    this.#sites = new Map();
    this.#byArn = new Map();
    this.#late.clear();
  }

  #siteOf(arn: string): AccountRegionReplications {
    const [, , , region = '', accountId = ''] = arn.split(':');
    return this.site(accountId, region);
  }
}
