/** Compiles `src/` to `dist/`, which mirrors it. Comments go with the declarations, where editors show them, and not into what is bundled and run. */
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
// A worker bundles the workflows whole, and webpack makes every import of one module from another twice as long: these are one module each, without
// the blanks and with short names inside. What is exported keeps its name, which is a workflow's type; the source map has the rest. valibot is bundled
// here tree-shaken: webpack takes it whole.
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
for (const program of ['dist/worker.js', 'dist/archive.js', 'dist/simulator/cli.js']) chmodSync(program, 0o755);
