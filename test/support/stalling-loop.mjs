// Stalls the event loop of a program for ten seconds on SIGHUP. Loaded with --import.
const STALL_MS = 10_000;
process.on('SIGHUP', () => {
  const until = performance.now() + STALL_MS;
  while (performance.now() < until);
});
