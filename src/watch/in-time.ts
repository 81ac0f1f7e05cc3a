import { DmsApiError } from '../dms/api.js';

/** Longest that one request may hold up the others. */
const REQUEST_MS = 10_000;

/** Gives up a request that takes too long, even one that ignores its signal. */
export async function inTime<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(REQUEST_MS);
  return new Promise((resolve, reject) => {
    const tooLate = `DMS gave no answer within ${REQUEST_MS / 1000} s`;
    signal.addEventListener('abort', () => reject(new DmsApiError('unavailable', 'TimeoutError', tooLate)));
    request(signal).then(resolve, reject);
  });
}
