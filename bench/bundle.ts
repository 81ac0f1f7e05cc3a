import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowsPath } from './paths.js';

/** Returns the characters that the package's workflows add to a bundle, without source maps. */
export async function measureBundle(): Promise<number> {
  const folder = await mkdtemp(fileURLToPath(new URL('../node_modules/.bench-', import.meta.url)));
  const sizeOf = async (path: string) => {
    const { code } = await bundleWorkflowCode({ workflowsPath: path, logger: new DefaultLogger('ERROR') });
    return code.replace(/\n?\/\/# sourceMappingURL=.*$/s, '').length;
  };
  try {
    const without = join(folder, 'without.mjs');
    await writeFile(without, "import { sleep } from '@temporalio/workflow';\nexport const wait = () => sleep(1);\n");
    return (await sizeOf(workflowsPath)) - (await sizeOf(without));
  } finally {
    await rm(folder, { recursive: true });
  }
}
