/** An answer within so many seconds, whether or not who is asked keeps to the signal. */
export async function inTime<T>(seconds: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(Math.round(seconds * 1000));
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${seconds} s`)), { once: true });
  });
  // It may come when nobody waits for it any more, and must not end the process then.
  late.catch(() => {});
  return Promise.race([ask(signal), late]);
}
