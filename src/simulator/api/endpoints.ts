/** Endpoints, derived from the replications that use them. */
import { invalid, notFound } from './checks.js';
import { pageByIndex } from './lists.js';
import type { Input, AccountRegion } from './account-region.js';

const MOST = 100;

/** Returns the source and target endpoints of the account-region's replications, by ARN. */
function endpointsOf(accountRegion: AccountRegion) {
  const endpoints = accountRegion.list().flatMap(({ config, targetsBefore }) => {
    const endpoint = (role: 'source' | 'target', arn: string, changes: number) => {
      const name = arn.slice(arn.lastIndexOf(':') + 1).toLowerCase();
      return {
        EndpointIdentifier: name,
        EndpointArn: arn,
        EndpointType: role,
        EngineName: 'mysql',
        ServerName: `${changes === 0 ? '' : `${changes + 1}.`}${name}.example.com`,
        Port: 3306,
        DatabaseName: 'shop',
        Status: 'active',
      };
    };
    return [
      endpoint('source', config.SourceEndpointArn, 0),
      endpoint('target', config.TargetEndpointArn, targetsBefore),
    ];
  });
  return new Map(endpoints.map((each) => [each.EndpointArn, each]));
}

export function describeEndpoints(accountRegion: AccountRegion, input: Input): Record<string, unknown> {
  const known = endpointsOf(accountRegion);
  const filters = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
  const unknown = filters.find(({ Name }) => Name !== 'endpoint-arn');
  if (unknown !== undefined) throw invalid(`Filter name ${unknown.Name} is not supported`);
  const named = filters.length === 0 ? null : filters.flatMap(({ Values }) => Values);
  const missing = named?.find((arn) => !known.has(arn));
  if (missing !== undefined) throw notFound('Endpoint', missing);
  const wanted = [...known.values()].filter(({ EndpointArn }) => named?.includes(EndpointArn) ?? true);
  const { items, marker } = pageByIndex(wanted, input, MOST, accountRegion.uncertain);
  return { ...marker, Endpoints: items };
}
