export { requireLooksPerSecond, RequestBudget, type RequestKind } from './budget.js';
export { secondsBetweenLooks } from './delay.js';
export { LookDelayed, type Look, type LookOptions } from './look.js';
export { takeTurn } from './turn.js';
export { ReplicationWatcher } from './watcher.js';
