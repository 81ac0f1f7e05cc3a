import { Context } from '@temporalio/activity';
import { ReplicationClient } from 'temporal-dms/client';

/** What a cutover needs to do to the application that uses the two databases: yours to write. */
export interface Application {
  /** No more writes to the source. */
  fence(): Promise<void>;
  unfence(): Promise<void>;
  /** Whether everything that was written to the source is in the target, for instance by a marker row. */
  isDrained(): Promise<boolean>;
  switchToTarget(): Promise<void>;
}

export type CutoverActivities = ReturnType<typeof createCutoverActivities>;

export function createCutoverActivities(application: Application) {
  return {
    fenceSource: () => application.fence(),
    unfenceSource: () => application.unfence(),
    switchToTarget: () => application.switchToTarget(),
    async waitUntilDrained(): Promise<void> {
      while (!(await application.isDrained())) await Context.current().sleep('1 second');
    },
    /** Workflow code can't reach another workflow's updates, so this is an activity. */
    async unseal(replicationConfigArn: string, request: { by: string; reason: string }): Promise<void> {
      const dms = new ReplicationClient({ client: Context.current().client });
      const { sealed } = await dms.ledger(replicationConfigArn);
      if (sealed !== null) await dms.unseal(replicationConfigArn, request);
    },
  };
}
