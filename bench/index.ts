/**
 * `npm run bench`: everything the README says of speed and cost, against the naive ways in the same run. Takes about an hour; fails when a
 * figure is not what is promised. Some of it: `npm run bench promises`, `scale`, `budget`, `memory`, `workers`, `fleet`, `trouble`, `ledger`, and `scale 1000` for one number of waits.
 */
import { cpus } from 'node:os';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { measureBudget } from './budget.js';
import { measureFleet } from './fleet.js';
import { measureLedger } from './ledger.js';
import { measureMany } from './many.js';
import { measureMemory } from './memory.js';
import { measurePromises } from './promises.js';
import { Report, say } from './report.js';
import { measureTrouble } from './trouble.js';
import { measureWorkers } from './workers.js';

const parts = {
  promises: measurePromises,
  scale: measureMany,
  budget: measureBudget,
  memory: measureMemory,
  workers: measureWorkers,
  fleet: measureFleet,
  trouble: measureTrouble,
  ledger: measureLedger,
};
const asked = process.argv.slice(2);
const counts = asked.filter((each) => /^\d+$/.test(each)).map(Number);
const unknown = asked.find((each) => !(each in parts) && !/^\d+$/.test(each));
if (unknown !== undefined) throw new Error(`"${unknown}" is no part of the bench: ${Object.keys(parts).join(', ')}`);
const isAsked = (part: string) => asked.length === counts.length || asked.includes(part);

Runtime.install({ logger: new DefaultLogger('ERROR') });
say(`Node ${process.version}, ${process.platform}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}`);
const report = new Report();
for (const [name, measure] of Object.entries(parts)) {
  if (!isAsked(name)) continue;
  say();
  await measure(report, counts);
}
say();
say(report.missed.length === 0 ? 'Every promise is kept.' : `Missed: ${report.missed.join('; ')}.`);
if (report.missed.length > 0) process.exitCode = 1;
