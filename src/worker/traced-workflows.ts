/**
 * Interceptors that trace workflows. A bundle of a worker with traces has them.
 *
 * Temporal's interceptors change the order in which updates complete. A history that was recorded without them then no
 * longer replays. So workflows that take updates have no spans: ledgers and cutovers. The spans of their activities stay.
 *
 * @module
 */
import { interceptors as tracing } from '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js';
import { workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';
import { cutoverType, workflowTypes } from '../contract/names.js';

const untraced: readonly string[] = [workflowTypes.ledger, cutoverType];

export const interceptors = (): WorkflowInterceptors =>
  untraced.includes(workflowInfo().workflowType) ? {} : tracing();
