export { LOOKS_PER_SECOND, RequestBudget, type RequestKind } from './budget.js';
export { secondsBetweenLooks } from './delay.js';
export type { Look } from '../dms/api.js';
export { LookDelayed, type LookOptions } from './look.js';
export { ReplicationWatcher } from './watcher.js';
