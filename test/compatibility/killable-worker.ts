import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

/** Worker process that a test kills and starts again. */
export class KillableWorker implements AsyncDisposable {
  #process: ChildProcess | null = null;

  /** `program` sends a message once it works. */
  constructor(
    private readonly program: URL,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async begin(): Promise<void> {
    this.#process = fork(fileURLToPath(this.program), {
      execArgv: ['--no-warnings', '--import', 'tsx'],
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        WORKFLOW_BUNDLE: inject('workflowBundle'),
        AWS_ACCESS_KEY_ID: 'simulated',
        AWS_SECRET_ACCESS_KEY: 'simulated',
        ...this.env,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(this.#process, 'message');
  }

  async kill(): Promise<void> {
    const worker = this.#process;
    if (worker === null || worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
