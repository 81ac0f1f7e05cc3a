import type { DatabaseMigrationServiceClient } from '@aws-sdk/client-database-migration-service';
import type { Answered } from '../dms/api.js';
import { accountAndRegion, type ReplicationConfigArn } from '../dms/arn.js';
import { maskValues } from '../dms/secrets.js';
import { toDmsApiError } from './errors.js';
import { TracedRequest, traceRequests, type Identity } from './traced-request.js';

/** Credentials change; what AWS says late may hold older ones. */
const MAX_SECRETS = 40;

/** Gives the client for an account and region. */
export type ClientFor = (
  account: Pick<ReplicationConfigArn, 'partition' | 'accountId' | 'region'>,
) => DatabaseMigrationServiceClient;

type Ask<T> = (client: DatabaseMigrationServiceClient, options: { readonly abortSignal: AbortSignal }) => Promise<T>;

interface PooledClient {
  readonly key: string;
  readonly client: DatabaseMigrationServiceClient;
  openRequests: number;
  isReplaced: boolean;
}

/**
 * One client for each account and region. The SDK remembers a credentials provider that hangs, and credentials that AWS no longer takes. So a client
 * is replaced after a request that took too long, and after one without valid credentials.
 */
export class DmsClients {
  readonly #clients = new Map<string, PooledClient>();
  /** The host of the newest request, by account and region, where it is not one of AWS's own. */
  readonly #overrides = new Map<string, string | null>();
  readonly #secrets = new Set<string>();

  constructor(private readonly clientFor: ClientFor) {}

  /** Sends one request. Rejects with a `DmsApiError`, after 15 seconds at the latest. */
  async send<T>(
    arn: ReplicationConfigArn,
    ask: Ask<T>,
    signal?: AbortSignal,
  ): Promise<Answered & { readonly answer: T }> {
    const pooled = this.#clientOf(arn);
    const request = new TracedRequest();
    const replace = () => this.#replace(pooled);
    const asking = async (abortSignal: AbortSignal) => {
      pooled.openRequests++;
      try {
        return await ask(pooled.client, { abortSignal });
      } finally {
        pooled.openRequests--;
        destroyIfUnused(pooled);
      }
    };
    try {
      const answer = await request.send(asking, replace, signal);
      this.#learn(pooled, arn, request);
      return { answer: maskValues(answer, [...this.#secrets]), dmsTime: request.answeredAt ?? Date.now() };
    } catch (err) {
      this.#learn(pooled, arn, request);
      const { isSent, identity } = request;
      const error = toDmsApiError(err, { isSent, hasCredentials: identity !== null, secrets: [...this.#secrets] });
      if (error.kind === 'credentials') replace();
      throw error;
    }
  }

  /** The host that requests for this ARN go to, when it is not one of AWS's own. */
  override(arn: ReplicationConfigArn): string | null {
    return this.#overrides.get(accountAndRegion(arn)) ?? null;
  }

  #clientOf(arn: ReplicationConfigArn): PooledClient {
    const key = accountAndRegion(arn);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const pooled = { key, client: this.clientFor(arn), openRequests: 0, isReplaced: false };
    traceRequests(pooled.client);
    this.#clients.set(key, pooled);
    return pooled;
  }

  #replace(pooled: PooledClient): void {
    if (this.#clients.get(pooled.key) === pooled) this.#clients.delete(pooled.key);
    pooled.isReplaced = true;
    destroyIfUnused(pooled);
  }

  #learn({ key, client }: PooledClient, { region }: ReplicationConfigArn, { hostname, identity }: TracedRequest): void {
    if (hostname !== null) this.#overrides.set(key, isAwsHost(client, region, hostname) ? null : hostname);
    for (const secret of secretsOf(identity)) {
      this.#secrets.delete(secret);
      this.#secrets.add(secret);
    }
    for (const oldest of this.#secrets) {
      if (this.#secrets.size <= MAX_SECRETS) return;
      this.#secrets.delete(oldest);
    }
  }
}

/** Other requests of a client that is replaced come to their end first. */
function destroyIfUnused({ client, openRequests, isReplaced }: PooledClient): void {
  if (isReplaced && openRequests === 0) client.destroy();
}

function secretsOf(identity: Identity | null): readonly string[] {
  return [identity?.secretAccessKey, identity?.sessionToken].filter((secret) => secret !== undefined);
}

/** Whether AWS serves a host, by the DNS suffixes that the SDK knows for the region. A VPC endpoint is AWS's own. */
function isAwsHost({ config }: DatabaseMigrationServiceClient, region: string, hostname: string): boolean {
  const hosts = [{}, { UseDualStack: true }].flatMap((how) => {
    try {
      return [config.endpointProvider({ Region: region, ...how }).url.hostname];
    } catch {
      return []; // the partition has no such hosts
    }
  });
  return hosts.some((host) => hostname.endsWith(host.replace(`dms.${region}`, '')));
}
