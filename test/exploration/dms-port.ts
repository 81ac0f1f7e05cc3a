import type { Calls } from './calls.js';
import type { Judge } from './judge.js';
import type { Looks } from './looks.js';
import { DmsApiError, type DmsApi } from './package-api.js';
import type { SmallDms } from './small-dms.js';
import { Lost, type SmallTemporal } from './small-temporal.js';

/** Returns the port `DmsApi` of the activities. Its requests go over the small Temporal's network. */
export function dmsPort(
  temporal: SmallTemporal,
  dms: SmallDms,
  looks: Looks,
  calls: Calls,
  judge: Pick<Judge, 'started'>,
): DmsApi {
  const ask = async <T>(what: string, effect: () => T): Promise<T> => {
    const answered = () => {
      dms.requireAnswer();
      return effect();
    };
    try {
      return await temporal.sendRequest(what, answered);
    } catch (err) {
      throw err instanceof Lost ? new DmsApiError('unavailable', 'TimeoutError', err.message) : err;
    }
  };
  return {
    async describeReplication() {
      const shown = await ask('describe', () => looks.describe());
      if (shown.status !== 'created') looks.noteArrival();
      return { replication: shown, dmsTime: Date.now() };
    },
    async listReplications() {
      const items = await ask('list', () => looks.list());
      if (items.length > 0) looks.noteArrival();
      return { items, marker: null, dmsTime: Date.now() };
    },
    stopReplication: (_, options) => calls.make(temporal, 'stop', options?.signal, (by) => dms.stop(by)),
    startReplication: (_, { startReplicationType: type }, options) =>
      calls.make(temporal, 'start', options?.signal, (by) => {
        const operation = temporal.executions.find(({ runId }) => by.endsWith(` ${runId}`));
        judge.started(by, type, operation);
        return dms.start(by, type);
      }),
    describeTableStatistics: () => ask('tables', () => ({ items: [], marker: null, dmsTime: Date.now() })),
    endpointOverride: () => Promise.resolve(null),
  };
}
