/** Measures a thousand waits with a request budget of all that AWS allows a second. */
import { say, type Report } from './report.js';
import { measureScale, ours } from './scale.js';

const WAITS = 1000;

export async function measureBudget({ promised }: Report): Promise<void> {
  const way = { ...ours, env: { TEMPORAL_DMS_LOOKS_PER_SECOND: '8' } };
  const { looks, seconds, throttled, detectionP50, detectionP99, failures } = await measureScale(way, WAITS);
  say(`${WAITS} waits with a budget of 8 looks a second:`);
  say();
  const seen = `${detectionP50.toFixed(1)} s / ${detectionP99.toFixed(1)} s`;
  say(`- ${promised('a budget of 8', 'seen after 3 s (p99)', detectionP99 <= 3)} (p50 / p99: ${seen})`);
  say(`- ${promised('a budget of 8', 'none failed', failures === 0)}`);
  say(`- ${(looks / seconds).toFixed(1)} looks a second, ${throttled} throttled`);
}
