export { requireLooksPerSecond, RequestBudget, type RequestKind } from './budget.js';
export { secondsBetweenLooks } from './delay.js';
export type { Look } from '../dms/api.js';
export { LookDelayed, type LookOptions } from './look.js';
export { withTimeout as inTime } from './in-time.js';
export { takeTurn } from './turn.js';
export { ReplicationWatcher } from './watcher.js';
