/** The plan of a fleet: one stop or resume of many replications. The plan is checked before anything is called. */
import { arnPrefixOf, type FleetEntry, type FleetMember, type FleetState } from '../contract/fleets.js';
import { fleetStates, optionNames, resumeFleetInput, stopFleetInput } from '../contract/fleet-schemas.js';
import { dmsFailure } from '../contract/failures.js';
import type { OperationKind } from '../contract/inputs.js';
import { isPlain, readWith } from '../contract/schema-parts.js';

/** Maximum bytes of a fleet's result, or of the state it hands on. Temporal takes 2 MiB. */
const MAX_BYTES = 1_950_000;
/** Maximum bytes of the options and of the failure messages together. */
const SHARED_BYTES = 200_000;
/** Maximum bytes of one replication in the results, without its identifier. */
const ENTRY_BYTES = 104;
/** Maximum bytes of one replication among those left, without its ARN. */
const LEFT_BYTES = 36;

/** Validates the input of a fleet, and fills in its defaults. Throws `DmsInvalidInput`. */
export function planFleet(kind: OperationKind, input: unknown, workflowId: string): FleetState {
  const given = isPlain(input) ? { ...input, fleetId: valueOf(input, 'fleetId') ?? fleetIdOf(workflowId) } : input;
  const { fleetId, concurrency, stopOnFailures, members } = readFleet(kind, given);
  const left = [...new Map(members.map((member) => [member.arn, member])).values()];
  requireRoom(kind, left);
  const options = optionNames[kind].map((name) => [name, valueOf(given, name) ?? null] as const);
  return {
    fleetId: fleetId ?? fleetIdOf(workflowId),
    kind,
    concurrency,
    stopOnFailures,
    options: Object.fromEntries(options.filter(([, value]) => value !== null)),
    total: left.length,
    duplicates: members.length - left.length,
    remaining: left,
    underWay: 0,
    results: {},
    halted: null,
  };
}

/** Returns the id of a fleet that names none. Keeps the end of the workflow id: a schedule adds its time there. */
function fleetIdOf(workflowId: string): string {
  return workflowId.replaceAll(/[^\w.:/-]/g, '_').slice(-150);
}

function readFleet(kind: OperationKind, input: unknown) {
  const reading = { what: `input of the ${kind} fleet`, replicationConfigArn: '' };
  if (kind === 'stop') {
    const { replicationConfigArns, ...fleet } = readWith(stopFleetInput, reading, input);
    return { ...fleet, members: membersOf(replicationConfigArns) };
  }
  const { replicationConfigArns, stopped, ...fleet } = readWith(resumeFleetInput, reading, input);
  return { ...fleet, members: stopped === null ? membersOf(replicationConfigArns ?? []) : membersByDeadline(stopped) };
}

/** Validates the state that an earlier run handed on, because anyone can start a workflow with any state. Throws `DmsInvalidInput`. */
export function readFleetState(kind: OperationKind, state: unknown): FleetState {
  readWith(fleetStates[kind], { what: `state of the ${kind} fleet`, replicationConfigArn: '' }, state);
  return state as FleetState;
}

function membersOf(arns: readonly string[]): FleetMember[] {
  return arns.map((arn) => ({ arn }));
}

/** Returns the replications that a stop fleet stopped, with the sequences of their records. The nearest deadline comes first. */
function membersByDeadline(stopped: Readonly<Record<string, FleetEntry>>): FleetMember[] {
  return Object.entries(stopped)
    .flatMap(([arn, entry]) => {
      if ('failureType' in entry || entry.checkpointSequence === null || entry.outcome === 'never-started') return [];
      // A replication without a deadline comes last: '9' sorts after every ISO time.
      return [{ arn, sequence: entry.checkpointSequence, deadline: entry.resumeBy ?? '9' }];
    })
    .toSorted((one, other) => one.deadline.localeCompare(other.deadline))
    .map(({ arn, sequence }) => ({ arn, sequence }));
}

/** Throws if the result might not fit into a payload. Without this check, the fleet would fail only at its end. */
function requireRoom(kind: OperationKind, members: readonly FleetMember[]): void {
  const prefixes = new Set(members.map(({ arn }) => arnPrefixOf(arn)));
  const bytes = members.reduce(
    (sum, { arn }) => sum + Math.max(arn.length - arnPrefixOf(arn).length + ENTRY_BYTES, arn.length + LEFT_BYTES),
    [...prefixes].reduce((sum, prefix) => sum + prefix.length + 6, SHARED_BYTES),
  );
  if (bytes <= MAX_BYTES) return;
  throw dmsFailure(
    'DmsInvalidInput',
    { replicationConfigArn: '' },
    `The ${kind} fleet is too large: the results of ${members.length} replications with ARNs as long as these may not fit into a payload of 2 MB`,
    'Split it into several fleets; nothing was called.',
  );
}

function valueOf(input: unknown, name: string): unknown {
  return isPlain(input) ? Reflect.get(input, name) : undefined;
}
