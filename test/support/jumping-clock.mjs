// Loaded into a program by --import: its wall clock jumps an hour ahead and an hour back every few seconds.
const HOUR_MS = 3_600_000;
const EVERY_MS = 3000;
const now = Date.now;
const jumped = () => now() + ((Math.floor(performance.now() / EVERY_MS) % 3) - 1) * HOUR_MS;
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [jumped()] : args));
  }
  static now = jumped;
};
