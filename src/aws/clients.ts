import type { Answered } from '../dms/api.js';
import { accountRegionKey, type ReplicationConfigArn } from '../dms/arn.js';
import { maskValues } from './secrets.js';
import { toDmsApiError } from './errors.js';
import { TracedRequest, traceRequests, type Identity } from './traced-request.js';

/** Maximum number of secrets kept for masking. Credentials change, and a late answer of AWS may quote older ones. */
const MAX_SECRETS = 40;

/** Function that creates the client of the AWS SDK for an account and region. */
export type ClientFor<Client> = (account: Pick<ReplicationConfigArn, 'partition' | 'accountId' | 'region'>) => Client;

/** Client of the AWS SDK, for any service. */
export interface AwsClient {
  readonly middlewareStack: object;
  destroy(): void;
}

type Ask<Client, T> = (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>;

interface PooledClient<Client> {
  readonly key: string;
  readonly client: Client;
  openRequests: number;
  isReplaced: boolean;
}

interface SeenHost<Client> {
  readonly client: Client;
  readonly hostname: string;
}

/**
 * Clients of the AWS SDK, one for each account-region. The SDK keeps a hanging credentials provider, and rejected
 * credentials. A client is therefore replaced after a request that timed out or had no valid credentials.
 */
export class AwsClients<Client extends AwsClient> {
  readonly #clients = new Map<string, PooledClient<Client>>();
  /** Endpoint of the newest request, by account-region. */
  readonly #seen = new Map<string, SeenHost<Client>>();
  readonly #secrets = new Set<string>();

  constructor(private readonly clientFor: ClientFor<Client>) {}

  /** Sends one request. Rejects with a `DmsApiError`, after 15 seconds at the latest. */
  async send<T>(
    arn: ReplicationConfigArn,
    ask: Ask<Client, T>,
    signal?: AbortSignal,
  ): Promise<Answered & { readonly answer: T }> {
    const pooled = this.#clientOf(arn);
    const request = new TracedRequest();
    const replace = () => this.#replace(pooled);
    const askPooled = async (abortSignal: AbortSignal) => {
      pooled.openRequests++;
      try {
        return await ask(pooled.client, { abortSignal });
      } finally {
        pooled.openRequests--;
        destroyIfUnused(pooled);
      }
    };
    try {
      const answer = await request.send(askPooled, replace, signal);
      this.#rememberRequest(pooled, request);
      return { answer: maskValues(answer, [...this.#secrets]), dmsTime: request.answeredAt ?? Date.now() };
    } catch (err) {
      this.#rememberRequest(pooled, request);
      const { isSent, identity } = request;
      const error = toDmsApiError(err, { isSent, hasCredentials: identity !== null, secrets: [...this.#secrets] });
      if (error.kind === 'credentials') replace();
      throw error;
    }
  }

  /** Returns the endpoint and the client of the newest request for the ARN's account-region. */
  lastHost(arn: ReplicationConfigArn): SeenHost<Client> | null {
    return this.#seen.get(accountRegionKey(arn)) ?? null;
  }

  #clientOf(arn: ReplicationConfigArn): PooledClient<Client> {
    const key = accountRegionKey(arn);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const pooled = { key, client: this.clientFor(arn), openRequests: 0, isReplaced: false };
    traceRequests(pooled.client);
    this.#clients.set(key, pooled);
    return pooled;
  }

  #replace(pooled: PooledClient<Client>): void {
    if (this.#clients.get(pooled.key) === pooled) this.#clients.delete(pooled.key);
    pooled.isReplaced = true;
    destroyIfUnused(pooled);
  }

  #rememberRequest({ key, client }: PooledClient<Client>, { hostname, identity }: TracedRequest): void {
    if (hostname !== null) this.#seen.set(key, { client, hostname });
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

/** Destroys a replaced client once its open requests have ended. */
function destroyIfUnused({ client, openRequests, isReplaced }: PooledClient<AwsClient>): void {
  if (isReplaced && openRequests === 0) client.destroy();
}

function secretsOf(identity: Identity | null): readonly string[] {
  return [identity?.secretAccessKey, identity?.sessionToken].filter((secret) => secret !== undefined);
}
