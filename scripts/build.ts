/** Compiles `src/` to `dist/`, which mirrors it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const compiled = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json'], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
for (const program of ['dist/worker.js', 'dist/simulator/cli.js']) chmodSync(program, 0o755);
