/**
 * Compiles `src/` to `dist/`, which mirrors it. Keeps comments in the declarations, where editors show them, and
 * removes them from the code.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
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
chmodSync('dist/cli/main.js', 0o755);
