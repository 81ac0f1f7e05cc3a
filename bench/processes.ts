/** Starts and ends programs under measurement, and reads their cost from the operating system. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Starts a program. `told`: true if the caller reads the program's output. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv, told = false): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', told ? 'pipe' : 'ignore', 'inherit'],
  });
}

export async function endProgram(program: ChildProcess): Promise<void> {
  program.kill('SIGTERM');
  await once(program, 'exit');
}

/** Returns the processor seconds that a process has used. `null`: the system has no /proc, or the process has ended. */
export function cpuSeconds(pid: number): number | null {
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Returns the peak memory of a process, in MB. `null`: the system has no /proc, or the process has ended. */
export function peakMemory(pid: number): number | null {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / 1024;
}

/** Returns the id of the child process whose command line contains the given text. `null`: none. */
export function childWith(text: string): number | null {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  for (const pid of pids.map(Number)) {
    const isOurs = new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(readProc(pid, 'status') ?? '');
    if (isOurs && (readProc(pid, 'cmdline') ?? '').includes(text)) return pid;
  }
  return null;
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null; // it has ended, or this system has no /proc
  }
}
