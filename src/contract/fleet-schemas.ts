/** Schemas of the inputs of fleets, and of the state that one run of a fleet hands to the next. The schemas set all bounds and defaults. */
import * as v from 'valibot';
import { flattenResults, MAX_MESSAGE_LENGTH, MAX_TYPE_LENGTH, type FleetEntry, type FleetReport } from './fleets.js';
import { resumeFields, stopFields } from './input-schemas.js';
import type { OperationKind } from './inputs.js';
import {
  arn,
  exactObject,
  isPlain,
  listOf,
  timeWithZone,
  oneOf,
  optionalText,
  recordOf,
  describeMismatch,
  text,
  wholeNumber,
} from './schema-parts.js';

const MAX_REPLICATIONS = 10_000;
const MAX_CONCURRENCY = 500;

const wantedName = describeMismatch('a name of 1 to 150 letters, digits and ._:/-');
const fleetId = v.pipe(v.string(wantedName), v.regex(/^[\w.:/-]{1,150}$/, wantedName));
const concurrency = wholeNumber(MAX_CONCURRENCY);
const wantedShare = describeMismatch('a share of more than 0 and at most 1');
const share = v.pipe(v.number(wantedShare), v.gtValue(0, wantedShare), v.maxValue(1, wantedShare));
const failureLimit = exactObject({ count: v.nullish(wholeNumber(), null), share: v.nullish(share, null) });

const stopOutcomes = ['stopped', 'already-stopping', 'already-stopped', 'never-started'] as const;
const resumeOutcomes = ['resumed', 'already-running', 'already-starting'] as const;

function entryOf(outcomes: readonly [string, ...string[]]) {
  const ended = exactObject({
    outcome: oneOf(outcomes),
    checkpointSequence: v.nullable(wholeNumber()),
    resumeBy: v.nullable(timeWithZone()),
  });
  const failed = exactObject({ failureType: text(MAX_TYPE_LENGTH), message: optionalText(MAX_MESSAGE_LENGTH) });
  return v.lazy((input) => (isPlain(input) && 'failureType' in input ? failed : ended));
}

/** Results by ARN, or grouped by account and region. */
function resultsOf(outcomes: readonly [string, ...string[]]) {
  type Flat = Readonly<Record<string, FleetEntry>>;
  const what = 'the results of a fleet, by ARN';
  return v.pipe(
    v.custom<Flat | FleetReport['results']>(isPlain, describeMismatch(what)),
    v.transform(flattenResults),
    recordOf(arn, entryOf(outcomes), what) as v.GenericSchema<Flat, Flat>,
  );
}

const fleetFields = {
  fleetId: v.nullish(fleetId),
  concurrency: v.nullish(concurrency, 50),
  stopOnFailures: v.nullish(failureLimit, {}),
};

/** Fields with which each replication of a fleet is stopped or resumed. */
const optionFields = {
  stop: pick(stopFields, [
    'requestedBy',
    'reason',
    'owner',
    'intent',
    'stoppableTimeoutSeconds',
    'stopTimeoutSeconds',
    'settleSeconds',
    'selfRestartGraceSeconds',
    'deadlinePolicy',
    'deadlineLeadSeconds',
    'onResumeDeadline',
  ]),
  resume: pick(resumeFields, [
    'requestedBy',
    'reason',
    'owner',
    'force',
    'startTimeoutSeconds',
    'verifyProgressSeconds',
  ]),
};

/** Names of the fields that a fleet passes on to each of its operations. */
export const optionNames: Readonly<Record<OperationKind, readonly string[]>> = {
  stop: Object.keys(optionFields.stop),
  resume: Object.keys(optionFields.resume),
};

const replicationConfigArns = listOf(arn, MAX_REPLICATIONS, 'ARNs');

export const stopFleetInput = exactObject({ replicationConfigArns, ...fleetFields, ...optionFields.stop });

export const resumeFleetInput = v.pipe(
  exactObject({
    replicationConfigArns: v.nullish(replicationConfigArns, null),
    stopped: v.nullish(resultsOf(stopOutcomes), null),
    ...fleetFields,
    ...optionFields.resume,
  }),
  v.check(
    ({ replicationConfigArns, stopped }) => (replicationConfigArns === null) !== (stopped === null),
    'it takes either replicationConfigArns, or the results of a stop fleet (stopped)',
  ),
);

/** Schemas of the state that a run hands to the next. The state is checked, because anyone can start a workflow with any state. */
export const fleetStates = {
  stop: stateOf('stop', optionFields.stop, stopOutcomes),
  resume: stateOf('resume', optionFields.resume, resumeOutcomes),
};

function stateOf<const Kind extends OperationKind, const Options extends v.ObjectEntries>(
  kind: Kind,
  options: Options,
  outcomes: readonly [string, ...string[]],
) {
  const state = exactObject({
    fleetId,
    kind: v.literal(kind, describeMismatch(`"${kind}"`)),
    concurrency,
    stopOnFailures: failureLimit,
    options: exactObject(options),
    total: wholeNumber(MAX_REPLICATIONS, 0),
    duplicates: wholeNumber(MAX_REPLICATIONS, 0),
    remaining: listOf(exactObject({ arn, sequence: v.nullish(wholeNumber()) }), MAX_REPLICATIONS, 'replications'),
    underWay: wholeNumber(MAX_CONCURRENCY, 0),
    results: resultsOf(outcomes),
    halted: v.nullable(oneOf(['cancelled', 'failures', 'superseded'])),
  });
  return v.pipe(
    state,
    v.check(
      ({ total, remaining, results, underWay }) =>
        total === remaining.length + Object.keys(results).length && underWay <= remaining.length,
      'its counts do not match its lists',
    ),
  );
}

function pick<Entries extends object, const Names extends readonly (keyof Entries)[]>(entries: Entries, names: Names) {
  return Object.fromEntries(names.map((name) => [name, entries[name]])) as Pick<Entries, Names[number]>;
}
