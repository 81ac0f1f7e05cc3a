/**
 * `npm run bench`: all figures of the README about speed and cost, against naive ways in the same run. Takes about an
 * hour, and fails when a promise is not kept.
 *
 * `npm run bench <part>...` runs some parts, and `npm run bench <part> <number>` another number of waits or stops.
 * `npm run bench history stops -- --before <git ref>` also measures an earlier build.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { measureBeforeAndAfter } from './before-and-after.js';
import { measureBudget } from './budget.js';
import { measureCutover } from './cutover.js';
import { measureFleet } from './fleet.js';
import { measureLedger } from './ledger.js';
import { measureMany } from './many.js';
import { measureMemory } from './memory.js';
import { measurePromises } from './promises.js';
import { Report, say } from './report.js';
import { measureStarts } from './starts.js';
import { measureStops } from './stops.js';
import { measureTrouble } from './trouble.js';
import { measureWorkers } from './workers.js';

const parts = {
  promises: measurePromises,
  history: measureBeforeAndAfter,
  stops: measureStops,
  scale: measureMany,
  budget: measureBudget,
  memory: measureMemory,
  workers: measureWorkers,
  fleet: measureFleet,
  cutover: measureCutover,
  starts: measureStarts,
  trouble: measureTrouble,
  ledger: measureLedger,
};
const { positionals: asked, values } = parseArgs({ allowPositionals: true, options: { before: { type: 'string' } } });
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
  await measure(report, counts, values.before);
}
say();
say(report.missed.length === 0 ? 'Every promise is kept.' : `Missed: ${report.missed.join('; ')}.`);
if (report.missed.length > 0) process.exitCode = 1;
