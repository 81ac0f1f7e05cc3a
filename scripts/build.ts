/**
 * Compiles `src/` to `dist/`, which mirrors it. Keeps comments in the declarations, where editors show them, and
 * removes them from the code.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
for (const what of [
  ['--emitDeclarationOnly'],
  ['--declaration', 'false', '--declarationMap', 'false', '--removeComments'],
]) {
  const compiled = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json', ...what], { stdio: 'inherit' });
  if (compiled.status !== 0) process.exit(compiled.status ?? 1);
}
// Keeps worker bundles small. A worker's webpack lengthens every import between modules and does not tree-shake
// valibot. Each workflow entry is therefore minified and bundled with the parts of valibot that it uses. Exports keep
// their names, because an exported name is a workflow type.
await build({
  entryPoints: ['index', 'steps', 'versioned'].map((name) => `src/workflows/${name}.ts`),
  outdir: 'dist/workflows',
  allowOverwrite: true,
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  external: ['@temporalio/*'],
  target: 'es2022',
  chunkNames: 'shared-[hash]',
  sourcemap: true,
  logLevel: 'warning',
});
// The ready-made worker starts with these bundles, in place of running webpack. They serve one version of the SDK.
// A worker insists on a source map. This one is empty, because the code that it would lead to is minified.
const map = { version: 3, sources: [], names: [], mappings: '' };
const encodedMap = Buffer.from(JSON.stringify(map)).toString('base64');
const emptySourceMap = `\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${encodedMap}\n`;
for (const name of ['index', 'versioned']) {
  const workflowsPath = resolve(`dist/workflows/${name}.js`);
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  writeFileSync(`dist/worker/${name}.bundle.js`, code.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, emptySourceMap));
}
const { version: sdk } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
writeFileSync('dist/worker/bundle.json', `${JSON.stringify({ sdk })}\n`);
chmodSync('dist/cli/main.js', 0o755);
