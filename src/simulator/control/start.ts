import type { DmsSimulatorOptions } from './options.js';
import { DmsSimulator } from './simulator.js';

/** Starts a simulator and waits until it listens. Rejects if the options are invalid, or the port is taken. */
export async function startDmsSimulator(options: DmsSimulatorOptions = {}): Promise<DmsSimulator> {
  const simulator = new DmsSimulator(options);
  await simulator.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  return simulator;
}
