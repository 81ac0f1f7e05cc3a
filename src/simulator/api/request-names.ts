import type { Input } from './account-region.js';
import { configIdsOf } from './cloudwatch.js';

/** Returns the names of the replications in a request: ARNs, identifiers, or a metric's dimensions. */
export function namesOf({
  ReplicationConfigArn: arn,
  EndpointArn: endpoint,
  ResourceArn: resource,
  ResourceArnList: resources,
  Filters: filters,
  MetricDataQueries: queries,
}: Input): readonly string[] {
  if (typeof arn === 'string') return [arn];
  if (typeof endpoint === 'string') return [endpoint];
  if (typeof resource === 'string') return [resource];
  if (Array.isArray(resources)) return resources.filter((each) => typeof each === 'string');
  if (Array.isArray(queries)) return queries.flatMap(configIdsOf);
  if (!Array.isArray(filters)) return [];
  return filters.flatMap((filter: unknown) => {
    const values: unknown = typeof filter === 'object' && filter !== null && 'Values' in filter ? filter.Values : [];
    return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
  });
}
