/** Resources of an account-region that replications use. */

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
}
