/** Hooks of a cutover, as activities. The two databases are a file in memory here: yours are real. */
import { ApplicationFailure } from '@temporalio/common';
import type { CutoverContext, CutoverTraffic } from 'temporal-dms';

/** What the hooks change. In production this is the source, the target, and the pointer that the application follows. */
export interface Databases {
  /** True while the source refuses writes. */
  isSourceReadOnly: boolean;
  /** Side that the application uses. */
  pointer: 'source' | 'target';
  /** Tokens of cutovers that have gone back. */
  readonly returned: Set<string>;
}

export function createCutoverHooks(databases: Databases, say: (text: string) => void) {
  /** Refuses a call that comes after its cutover has gone back. Such a call was sent earlier, and lost on the way. */
  const requireOpen = ({ token }: CutoverContext) => {
    if (databases.returned.has(token)) throw ApplicationFailure.nonRetryable('This cutover has gone back');
  };
  return {
    async fenceOrders(context: CutoverContext): Promise<void> {
      requireOpen(context);
      databases.isSourceReadOnly = true;
      say('the source takes no writes any more');
    },
    async unfenceOrders({ token }: CutoverContext): Promise<void> {
      databases.returned.add(token);
      // A late switch may have come first.
      if (databases.pointer !== 'source') throw ApplicationFailure.nonRetryable('The application uses the target');
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
