import type { CutoverInput } from 'temporal-dms';

/** Input of a cutover whose hooks are those of `hooks.ts`. The id of the cutover is the name of the database. */
export function postgresCutover(
  database: string,
  replicationConfigArns: readonly string[],
): Pick<CutoverInput, 'cutoverId' | 'replicationConfigArns' | 'hooks'> {
  // A server that restarts takes seconds. Each attempt is short, and there are several.
  const hook = (activityType: string) => ({ activityType, timeoutSeconds: 10, attempts: 8 });
  return {
    cutoverId: database,
    replicationConfigArns,
    hooks: {
      fence: hook('fencePostgres'),
      unfence: hook('unfencePostgres'),
      markSource: hook('markPostgres'),
      isDrained: hook('postgresIsDrained'),
      syncIdentities: hook('syncPostgresSequences'),
      prepareReverse: hook('preparePostgresReverse'),
      switchToTarget: hook('switchPostgres'),
      whereIsTraffic: hook('wherePostgresIs'),
      verify: hook('verifyPostgres'),
    },
  };
}
