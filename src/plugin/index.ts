/**
 * `temporal-dms/plugin`: {@link DmsPlugin}, which adds this package to a worker of yours.
 *
 * @module
 */
import { SimplePlugin } from '@temporalio/plugin';
import { createDmsActivities, type DmsActivitiesOptions } from '../activities/index.js';
import { createDmsNexusHandler } from './nexus-handler.js';

export { createDmsNexusHandler } from './nexus-handler.js';
export type { DmsActivitiesOptions } from '../activities/index.js';

/**
 * Plugin that adds the activities of this package and its Nexus service to a worker.
 *
 * The workflows come with one line in the worker's own workflows file: `export * from 'temporal-dms/workflows'`. Both
 * report the metrics of this package. The worker's plugins go into `Worker.create({ plugins: [new DmsPlugin(…)] })`.
 */
export class DmsPlugin extends SimplePlugin {
  /** `options`: those of `createDmsActivities`. */
  constructor(options: DmsActivitiesOptions) {
    super({
      name: 'temporal-dms',
      activities: createDmsActivities(options),
      nexusServices: [createDmsNexusHandler()],
    });
  }
}
