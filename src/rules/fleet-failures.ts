/** Failures of a fleet that starts no more operations. */
import { bothForms, queryCommand, shellWord } from '../contract/commands.js';
import { dmsFailure } from '../contract/failures.js';
import { flattenResults, type FleetReport } from '../contract/fleets.js';
import { fleetWorkflowId, messageNames } from '../contract/names.js';

/** Builds the failure of a fleet of which too many operations failed. */
export function tooManyFailed(fleet: FleetReport, workflowId: string) {
  const { failed, total, left, fleetId } = fleet;
  return dmsFailure(
    'DmsFleetHalted',
    { replicationConfigArn: lastFailed(fleet), fleet },
    `${failed} of ${total} replications failed, so ${left.length} were not begun`,
    `details[0].fleet.results lists the failures. See them: ${statusCommands(fleet, workflowId)}. Run the fleet again with fleetId "${fleetId}": it skips replications that are done.`,
  );
}

/** Builds the failure of a fleet whose id was used before. `superseded`: number of replications that have changed since. */
export function usedBefore(fleet: FleetReport, superseded: number, workflowId: string) {
  const { kind, fleetId, left } = fleet;
  return dmsFailure(
    'DmsFleetHalted',
    { replicationConfigArn: lastFailed(fleet), fleet },
    `The fleetId "${fleetId}" was used before. Under it, the ${kind} of ${superseded} replications succeeded, and they have changed since. So ${left.length} were not begun`,
    `See them: ${statusCommands(fleet, workflowId)}. To ${kind} them again, run the fleet with a new fleetId.`,
  );
}

/** Returns the commands that show a fleet. The program finds only fleets of clients, by their ids. */
function statusCommands({ kind, fleetId }: FleetReport, workflowId: string): string {
  const plain = queryCommand(workflowId, messageNames.fleet);
  const isOfClient = workflowId === fleetWorkflowId(`${kind}:${fleetId}`);
  return isOfClient ? bothForms(`temporal dms fleet status ${kind} ${shellWord(fleetId)}`, plain) : plain;
}

function lastFailed({ results }: FleetReport): string {
  const [arn = ''] = Object.entries(flattenResults(results)).findLast(([, entry]) => 'failureType' in entry) ?? [];
  return arn;
}
