/** Hooks of a cutover, as activities. The two databases are a file in memory here: yours are real. */
import { ApplicationFailure } from '@temporalio/common';
import type { CutoverContext, CutoverTraffic } from 'temporal-dms';

/** State that the hooks change. In production: the source, the target, and the pointer that the application follows. */
export interface Databases {
  /** True while the source refuses writes. */
  isSourceReadOnly: boolean;
  /** Side that the application uses. */
  pointer: 'source' | 'target';
  /** Newest token that a hook has seen. */
  token: string;
  /** True once the cutover of that token has gone back. */
  isClosed: boolean;
}

export function createCutoverHooks(databases: Databases, say: (text: string) => void) {
  /** Takes up the newest token. Refuses an older one: that call was sent earlier, and was late. */
  const takeUp = ({ token }: CutoverContext) => {
    if (token < databases.token) throw ApplicationFailure.nonRetryable('A later cutover has begun');
    if (token > databases.token) Object.assign(databases, { token, isClosed: false });
  };
  /** Refuses a call that comes after its cutover has gone back. */
  const requireOpen = (context: CutoverContext) => {
    takeUp(context);
    if (databases.isClosed) throw ApplicationFailure.nonRetryable('This cutover has gone back');
  };
  return {
    async fenceOrders(context: CutoverContext): Promise<void> {
      requireOpen(context);
      databases.isSourceReadOnly = true;
      say('the source takes no writes any more');
    },
    async unfenceOrders(context: CutoverContext): Promise<void> {
      takeUp(context);
      // A late switch may have come first.
      if (databases.pointer !== 'source') throw ApplicationFailure.nonRetryable('The application uses the target');
      databases.isClosed = true;
      databases.isSourceReadOnly = false;
      say('the source takes writes again');
    },
    async ordersAreDrained(): Promise<{ drained: boolean }> {
      return { drained: true };
    },
    async switchOrders(context: CutoverContext): Promise<void> {
      requireOpen(context);
      databases.pointer = 'target';
      say('the application uses the target');
    },
    async whereAreOrders(): Promise<CutoverTraffic> {
      return databases.pointer;
    },
  };
}
