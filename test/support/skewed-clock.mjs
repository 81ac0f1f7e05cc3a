// Skews the wall clock of a program by CLOCK_SKEW_SECONDS. Loaded with --import.
const skewMs = Number(process.env.CLOCK_SKEW_SECONDS) * 1000;
const now = Date.now;
const skewed = () => now() + skewMs;
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [skewed()] : args));
  }
  static now = skewed;
};
