/** Compiles `src/` to `dist/`, which mirrors it. Comments go with the declarations, where editors show them, and not into what is bundled and run. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
for (const what of [
  ['--emitDeclarationOnly'],
  ['--declaration', 'false', '--declarationMap', 'false', '--removeComments'],
]) {
  const compiled = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json', ...what], { stdio: 'inherit' });
  if (compiled.status !== 0) process.exit(compiled.status ?? 1);
}
for (const program of ['dist/worker.js', 'dist/simulator/cli.js']) chmodSync(program, 0o755);
