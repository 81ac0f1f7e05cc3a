/** Resources of an account-region that replications use. */
import { REMEMBERED_SECONDS } from './history.js';

/** Maximum number of earlier states that are kept. */
const MOST_REMEMBERED = 50;

/** Endpoint in its wire format. */
export interface Endpoint {
  readonly EndpointIdentifier: string;
  readonly EndpointArn: string;
  readonly EndpointType: 'SOURCE' | 'TARGET';
  readonly EngineName: string;
  readonly ServerName?: string;
  readonly [member: string]: unknown;
}

/** Test of the connection from a replication instance, or from a serverless replication, to an endpoint. */
export interface ConnectionTest {
  readonly endpointArn: string;
  readonly replicationInstanceArn: string;
  /** Epoch seconds. */
  readonly startedAt: number;
}

/** Subnet group in its wire format. */
export interface SubnetGroup {
  readonly ReplicationSubnetGroupIdentifier: string;
  readonly [member: string]: unknown;
}

/** Resources that requests have created. */
export class Resources {
  /** Endpoints, by ARN. */
  readonly endpoints = new Map<string, Endpoint>();
  /** True once a request has created an endpoint. */
  hasEndpoints = false;
  /** Newest test of each connection, by the ARNs of both ends. */
  readonly connectionTests = new Map<string, ConnectionTest>();
  /** Subnet groups, by identifier. */
  readonly subnetGroups = new Map<string, SubnetGroup>();
  /** Tags of endpoints and subnet groups, by ARN and key. */
  readonly tags = new Map<string, Map<string, string>>();
  /** Earlier states, oldest first. `until`: epoch seconds. */
  #past: { readonly until: number; readonly state: Resources }[] = [];

  /** Returns a copy without tags. No look at tags is ever stale. */
  copy(): Resources {
    const state = new Resources();
    for (const [arn, endpoint] of this.endpoints) state.endpoints.set(arn, endpoint);
    for (const [key, test] of this.connectionTests) state.connectionTests.set(key, test);
    for (const [identifier, group] of this.subnetGroups) state.subnetGroups.set(identifier, group);
    state.hasEndpoints = this.hasEndpoints;
    return state;
  }

  /** Keeps `before`, the state before a change at `until`. Of several changes at one time, keeps only the first. */
  remember(before: Resources, until: number): void {
    const newest = this.#past.at(-1);
    if (newest !== undefined && newest.until >= until) return;
    const kept = this.#past.filter((each) => each.until > until - REMEMBERED_SECONDS);
    this.#past = [...kept.slice(1 - MOST_REMEMBERED), { until, state: before }];
  }

  /** Returns the state at a time in the last two minutes, at most 50 changes back. */
  at(time: number): Resources {
    return this.#past.find(({ until }) => until > time)?.state ?? this;
  }
}
