/** Texts about fleets. */
import type { FleetProgress, FleetResult } from '../contract/fleets.js';
import { fields, indented, shortName } from './text.js';

/** Maximum number of failures that a text names. */
const MAX_NAMED = 20;

/** Counts the replications of a fleet by what has become of them. */
export function countsText({
  total,
  outcomes,
  failed,
  left,
  running = [],
}: FleetResult & Partial<FleetProgress>): string {
  const ended = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const rest = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(running.length > 0 ? [`${running.length} under way`] : []),
    ...(left.length > 0 ? [`${left.length} not begun`] : []),
  ];
  return `${total} in all: ${[...ended, ...rest].join(', ') || 'none ended'}`;
}

export function fleetText(fleet: FleetResult & Partial<FleetProgress>): string {
  // The message of a failure is too long for a column of a table.
  const failures = Object.entries(fleet.results).flatMap(([arn, entry]) =>
    'failureType' in entry
      ? [`\n${indented(`${shortName(arn)}: ${entry.failureType}`, 0)}\n${indented(entry.message ?? '', 2)}`]
      : [],
  );
  const more = failures.length > MAX_NAMED ? [`\nand ${failures.length - MAX_NAMED} more: see -o json`] : [];
  const rows = fields([
    ['replications', countsText(fleet)],
    ['halted', fleet.halted],
  ]);
  const title = `The ${fleet.kind} fleet ${fleet.fleetId}`;
  return [title, '', rows, ...failures.slice(0, MAX_NAMED), ...more].join('\n');
}
