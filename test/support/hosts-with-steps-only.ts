/** A host whose bundle has none of the package's workflows. */
import type { StopReplicationInput } from '../../src/index.js';
import { stopReplication } from '../../src/workflows/steps.js';

export async function hostStopElsewhere(input: StopReplicationInput, taskQueue: string): Promise<string> {
  return (await stopReplication(input, { taskQueue })).outcome;
}
