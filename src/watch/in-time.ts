/**
 * Returns the answer of a request. Rejects with `late` after the given seconds, even if the request ignores the
 * signal.
 */
export function withTimeout<T>(
  seconds: number,
  ask: (signal: AbortSignal) => Promise<T>,
  createError: () => Error = () => new Error(`no answer within ${seconds} s`),
): Promise<T> {
  const signal = AbortSignal.timeout(Math.round(seconds * 1000));
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(createError()), { once: true });
    ask(signal).then(resolve, reject);
  });
}
