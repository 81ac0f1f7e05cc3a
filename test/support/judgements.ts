import { isDmsFailure, type DmsFailure } from '../../src/contract/failures.js';
import type { Doubt } from '../../src/rules/doubt.js';

/** Puts a judgement into a few words: what looks must agree on first, then the conclusion or the failure. */
export function inWords<Conclusion extends object>(
  judge: () => Conclusion | Doubt<Conclusion>,
  sayConclusion: (conclusion: Conclusion) => string,
  sayFailure: (failure: DmsFailure) => string,
): string {
  const say = (conclude: () => Conclusion | Doubt<Conclusion>): string => {
    try {
      const judgement = conclude();
      if (!('conclude' in judgement)) return sayConclusion(judgement);
      return `agree for ${judgement.forSeconds} s, then ${say(judgement.conclude)}`;
    } catch (err) {
      if (isDmsFailure(err)) return sayFailure(err);
      throw err;
    }
  };
  return say(judge);
}
