/**
 * `temporal-dms/simulator`: {@link startDmsSimulator}, a local DMS Serverless for tests and demos. It speaks DMS's own wire protocol, so every AWS
 * SDK works against it, and needs nothing but Node.
 *
 * @module
 */
export { DmsSimulator, startDmsSimulator } from './simulator.js';
export type { SimulatorCall } from './call-log.js';
export type { SimulatedClock, TimeSpan } from './clock.js';
export type { Fault } from './faults.js';
export type { Statement } from './iam.js';
export {
  assumed,
  contrary,
  type Durations,
  type NextStop,
  type PlacedStatus,
  type ReplicationType,
  type Row,
  type StartStep,
  type Step,
  type TableSettings,
  type Uncertain,
} from './model.js';
export type { DmsSimulatorOptions, SimulatedReplicationOptions } from './options.js';
export type { RowRates, SourceSettings } from './source.js';
export type { Engine } from './spelling.js';
