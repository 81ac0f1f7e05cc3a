import type { OperationPlan, PlanOperation } from '../contract/operation-plan.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import { quickActivities } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';

/**
 * Finds out what a stop or resume would do now, and does nothing. Takes no lock, so it can run beside an operation.
 *
 * Throws `DmsInvalidInput` for an invalid input. Fails after 30 s if DMS or the ledger gives no answer.
 */
export async function dmsPlanOperation(request: PlanOperation): Promise<OperationPlan> {
  const { kind, input } = request;
  const { plan } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  try {
    const activities = quickActivities(`Find out what a ${kind} of ${plan.replicationConfigArn} would do`);
    return await activities['dms.planOperation'](request);
  } catch (err) {
    throw unwrapFailure(err);
  }
}
