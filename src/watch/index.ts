export { LOOKS_PER_SECOND, RequestBudget, type RequestKind } from './budget.js';
export { secondsBetweenLooks } from './delay.js';
export { LookDelayed, ReplicationWatcher, type Look, type LookOptions } from './watcher.js';
