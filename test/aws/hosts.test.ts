import { expect, test } from 'vitest';
import { createAwsDmsApi, createDmsClient } from '../../src/aws/index.js';
import { parseReplicationConfigArn } from '../../src/dms/arn.js';

/** Returns the host that a request would go to, and the endpoint override that the API reports. Sends nothing. */
async function hostAndOverride(partition: string, region: string, more: object = {}) {
  const arn = parseReplicationConfigArn(`arn:${partition}:dms:${region}:123456789012:replication-config:ORDERS`);
  let host = '';
  const api = createAwsDmsApi({
    clientFor: (account) =>
      createDmsClient({
        region: account.region,
        credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
        requestHandler: {
          handle: ({ hostname }: { hostname: string }) => {
            host = hostname;
            return Promise.reject(Object.assign(new Error('no network'), { code: 'ENOTFOUND' }));
          },
        } as never,
        ...more,
      }),
  });
  await api.stopReplication(arn).catch(() => {});
  return [host, await api.endpointOverride(arn)];
}

test.each([
  ['aws', 'eu-west-1', 'dms.eu-west-1.amazonaws.com'],
  ['aws-cn', 'cn-north-1', 'dms.cn-north-1.amazonaws.com.cn'],
  ['aws-us-gov', 'us-gov-west-1', 'dms.us-gov-west-1.amazonaws.com'],
  ['aws-eusc', 'eusc-de-east-1', 'dms.eusc-de-east-1.amazonaws.eu'],
  ['aws-iso', 'us-iso-east-1', 'dms.us-iso-east-1.c2s.ic.gov'],
  ['aws-iso-b', 'us-isob-east-1', 'dms.us-isob-east-1.sc2s.sgov.gov'],
  ['aws-iso-e', 'eu-isoe-west-1', 'dms.eu-isoe-west-1.cloud.adc-e.uk'],
  ['aws-iso-f', 'us-isof-south-1', 'dms.us-isof-south-1.csp.hci.ic.gov'],
])('requests for %s in %s go to %s, which counts as an AWS endpoint', async (partition, region, host) => {
  expect(await hostAndOverride(partition, region)).toEqual([host, null]);
});

test.each([
  ['a dual-stack endpoint', { useDualstackEndpoint: true }, 'dms.eu-west-1.api.aws'],
  ['a FIPS endpoint', { useFipsEndpoint: true }, 'dms-fips.eu-west-1.amazonaws.com'],
  [
    'a VPC endpoint',
    { endpoint: 'https://vpce-1.dms.eu-west-1.vpce.amazonaws.com' },
    'vpce-1.dms.eu-west-1.vpce.amazonaws.com',
  ],
])('%s counts as an AWS endpoint', async (_, more, host) => {
  expect(await hostAndOverride('aws', 'eu-west-1', more)).toEqual([host, null]);
});

test.each([
  ['https://localhost:4566', 'localhost'],
  ['https://amazonaws.com.example', 'amazonaws.com.example'],
  ['https://notamazonaws.com', 'notamazonaws.com'],
  ['https://user:hunter2@proxy.example/path', 'proxy.example'],
])('%s is no AWS endpoint, and is reported by its host alone', async (endpoint, host) => {
  expect(await hostAndOverride('aws', 'eu-west-1', { endpoint })).toEqual([host, host]);
});
