// Loaded into a program by --import: its event loop stalls for ten seconds when it is sent SIGHUP.
const STALL_MS = 10_000;
process.on('SIGHUP', () => {
  const until = performance.now() + STALL_MS;
  while (performance.now() < until);
});
