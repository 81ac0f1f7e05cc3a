import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsClients } from '../aws/clients.js';
import type { ReplicationConfigArn } from '../dms/arn.js';

/** Identity whose credentials a request carries. */
export interface Caller {
  /** ARN of the user, or of the session of a role. */
  readonly arn: string;
  /** Account of the identity, 12 digits. */
  readonly accountId: string;
}

/** Asks STS for the identity of this process, in the region of a replication. It needs no permission. */
export async function readCaller(
  arn: ReplicationConfigArn,
  sts = new AwsClients(({ region }) => new STSClient({ region })),
): Promise<Caller> {
  const { answer } = await sts.send(arn, (client, options) => client.send(new GetCallerIdentityCommand(), options));
  return { arn: answer.Arn ?? '', accountId: answer.Account ?? '' };
}
