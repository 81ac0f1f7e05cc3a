/**
 * `temporal-dms/simulator`: a local DMS Serverless for tests and demos. {@link startDmsSimulator} starts it.
 *
 * The simulator speaks DMS's own wire protocol, so every AWS SDK works against it. It needs nothing but Node.
 *
 * @module
 */
export { DmsSimulator } from './control/simulator.js';
export type { ReplicationControls } from './control/replication-controls.js';
export { startDmsSimulator } from './control/start.js';
export { useDmsSimulator, type TestHooks } from './control/in-tests.js';
export type { SimulatorCall } from './api/call-log.js';
export type { SimulatedClock, TimeSpan } from './engine/clock.js';
export type { Fault, SetFault } from './api/faults.js';
export type { Statement } from './api/iam.js';
export type { NextStop, PlacedStatus, ReplicationType, Row, TablesChange, TableSettings } from './engine/model.js';
export { uncertainDefaults, uncertainInverted, type Uncertain } from './engine/uncertain.js';
export type { Durations, StartStep, Step } from './engine/steps.js';
export type { DmsSimulatorOptions, SimulatedReplicationOptions } from './control/options.js';
export type { RowRates, SourceSettings } from './engine/source-settings.js';
export type { Engine } from './engine/checkpoint-format.js';
