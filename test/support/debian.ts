import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Unpacks packages of Debian into a cache, and returns its folder. `null`: this machine has no `apt-get`.
 *
 * Nothing is installed: the programs run from the folder.
 */
export async function debianPackages(...names: readonly string[]): Promise<string | null> {
  const hasApt = await run('sh', ['-c', 'command -v apt-get && command -v dpkg-deb']).then(
    () => true,
    () => false,
  );
  if (!hasApt) return null;
  const cache = join(homedir(), '.cache/temporal-dms');
  const folder = join(cache, `debian-${names.join('-')}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  // Two test files may unpack at once, so each unpacks beside the cache.
  const own = await mkdtemp(join(cache, 'unpacking-'));
  await run('apt-get', ['download', '-q', ...names], { cwd: own }).catch(async () => {
    await run('apt-get', ['update', '-q']);
    await run('apt-get', ['download', '-q', ...names], { cwd: own });
  });
  for (const file of await readdir(own))
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(own, file), join(own, 'root')]);
  await rename(join(own, 'root'), folder).catch((err: unknown) => {
    if (!existsSync(folder)) throw err; // else the other file was faster
  });
  return folder;
}
