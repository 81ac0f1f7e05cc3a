/** Part of a Node process that the program uses. Tests pass their own. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  on(event: 'warning', listener: (warning: Error) => void): unknown;
  off(event: 'warning', listener: (warning: Error) => void): unknown;
}

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Runs an action until it ends, or until Ctrl-C. Returns `interrupted` after Ctrl-C; the action goes on unwatched. */
export async function untilInterrupted<T>(
  terminal: Terminal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'interrupted'> {
  const over = new AbortController();
  let interrupt = () => {};
  const interrupted = new Promise<'interrupted'>((resolve) => (interrupt = () => resolve('interrupted')));
  terminal.once('SIGINT', interrupt);
  try {
    const acting = action(over.signal);
    const first = await Promise.race([acting, interrupted]);
    // An action that ends after Ctrl-C must not end the process with an unhandled rejection.
    if (first === 'interrupted') acting.catch(() => {});
    return first;
  } finally {
    terminal.off('SIGINT', interrupt);
    over.abort();
  }
}
