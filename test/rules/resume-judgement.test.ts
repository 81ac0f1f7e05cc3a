import { describe, expect, test } from 'vitest';
import { callMark, stopMark } from '../../src/dms/checkpoint.js';
import type { EndpointFingerprint } from '../../src/contract/records.js';
import {
  shouldCompareEndpoints,
  judgeResume,
  type FactsToJudge,
  type ResumeConclusion,
} from '../../src/rules/resume-judgement.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { inWords } from '../support/judgements.js';
import { withNote } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const stopped = look();
const running = look({ status: 'running' });
const created = look({ status: 'created', replicationLastStopTime: null });
const { lastStopTime: stoppedAt, ...mark } = stopMark(stopped);
const { sealed: _sealed, deadline: _deadline, ...base } = archivedRecord(1);
const address = (endpointArn: string, host: string | null = 'db-1') =>
  ({ endpointArn, host, port: 3306, database: 'orders' }) as EndpointFingerprint['source'];
const endpoints = { source: address('source'), target: address('target') };
const recorded = { ...base, stoppedAt, ...mark, recoveryCheckpoint: stopped.recoveryCheckpoint, endpoints };
const { pendingCall } = withNote(emptyLedger(arn), operation('r', { kind: 'resume' }), 1, {
  before: callMark(stopped),
  startReplicationType: 'reload-target',
  intent: null,
});

type Changes = Partial<Omit<FactsToJudge, 'request'>> & { readonly request?: object };
const facts = ({ request, ...more }: Changes = {}): FactsToJudge => ({
  request: { replicationConfigArn: arn, ...request },
  look: stopped,
  checkpoint: recorded,
  dmsTime: Date.parse(stoppedAt ?? '') + 3_600_000,
  endpoints: { endpoints, problem: null },
  ownCall: null,
  hasRun: true,
  lastStoppedAt: stoppedAt,
  subject: { replicationConfigArn: arn },
  ...more,
});

/** The judgement in a few words: what it does, with which start type or outcome, or the failure. */
function judged(changes: Changes): string {
  const say = (judgement: ResumeConclusion) => {
    if (judgement.do === 'wait') return 'wait';
    return judgement.do === 'call' ? `call ${judgement.startReplicationType}` : `end ${judgement.outcome}`;
  };
  return inWords(
    () => judgeResume(facts(changes)),
    say,
    ({ type }) => type,
  );
}

const shown = (changes: object): Changes => ({ look: look(changes) });
const asked = (request: object): Changes => ({ request });
const reload = { startReplicationType: 'reload-target', confirmReload: 'orders' };
const moved = { endpoints: { ...endpoints, target: address('target', 'db-2') }, problem: null };
const older = look({ replicationLastStopTime: '2026-01-01T12:00:00.000Z' });

test.each<[string, Changes, string]>([
  ['a stopped replication whose stop is recorded is resumed', {}, 'call resume-processing'],
  ['a failed replication is resumed', shown({ status: 'failed' }), 'call resume-processing'],
  [
    'a replication that never ran is started for the first time',
    { look: created, checkpoint: null, hasRun: false, lastStoppedAt: null, endpoints: null },
    'call start-replication',
  ],
  ['a running replication is left alone', { look: running }, 'end already-running'],
  ['a starting replication is left alone', shown({ status: 'replication_starting' }), 'end already-starting'],
  ['a stopping replication is waited for', shown({ status: 'stopping' }), 'wait'],
  ['a replication that is being modified is waited for', shown({ status: 'modifying' }), 'wait'],
  ['a replication that is being deleted fails', shown({ status: 'deleting' }), 'DmsReplicationDeleting'],
  ['a read-only replication fails', shown({ isReadOnly: true }), 'DmsReplicationReadOnly'],
  ['a full load without a start type fails', shown({ replicationType: 'full-load' }), 'DmsNotResumable'],
  ['an unconfirmed reload fails', asked({ startReplicationType: 'reload-target' }), 'DmsNotResumable'],
  ['a confirmed reload is sent', asked(reload), 'call reload-target'],
  [
    'a resume fails if the last stop is not the recorded one',
    { checkpoint: { ...recorded, stoppedAt: older.replicationLastStopTime } },
    'DmsCheckpointChanged',
  ],
  ['a resume fails if no stop is recorded', { checkpoint: null }, 'DmsCheckpointMissing'],
  [
    'a resume fails at once if no stop is recorded and the last one has no time',
    { ...shown({ replicationLastStopTime: null }), checkpoint: null, lastStoppedAt: null },
    'DmsCheckpointMissing',
  ],
  ['a forced resume needs no recorded stop', { checkpoint: null, ...asked({ force: true }) }, 'call resume-processing'],
  [
    'a resume fails after the end of the resume window',
    { dmsTime: Date.parse(stoppedAt ?? '') + 49 * 3_600_000 },
    'DmsResumeWindowClosed',
  ],
  ['a resume fails if the source log is gone', asked({ sourceLogRetentionSeconds: 3599 }), 'DmsSourceLogExpired'],
  ['a reload needs no source log', asked({ ...reload, sourceLogRetentionSeconds: 3599 }), 'call reload-target'],
  ['a resume fails if an endpoint leads elsewhere', { endpoints: moved }, 'DmsEndpointChanged'],
  [
    'a forced resume accepts an endpoint that leads elsewhere',
    { endpoints: moved, ...asked({ force: true }) },
    'call resume-processing',
  ],
  ['a reload may lead elsewhere', { endpoints: moved, ...asked(reload) }, 'call reload-target'],
  [
    'a call of this operation is sent again as it was',
    { ownCall: pendingCall, checkpoint: null },
    'call reload-target',
  ],
  [
    'a replication that stopped after the call of this operation ends as already-starting',
    { ownCall: pendingCall, ...shown({ replicationLastStopTime: '2026-01-03T00:00:00.000Z' }) },
    'end already-starting',
  ],
  [
    'a look that is older than the record must agree with others',
    { look: older },
    'agree for 60 s, then DmsCheckpointChanged',
  ],
  [
    'a look without a stop time must agree with others',
    shown({ replicationLastStopTime: null }),
    'agree for 60 s, then DmsCheckpointChanged',
  ],
  [
    'a running look that is older than the record must agree with others',
    { look: { ...older, status: 'running' } },
    'agree for 60 s, then end already-running',
  ],
  [
    'a look without a row must agree with others',
    {
      look: { ...created, replicationCreateTime: null },
      checkpoint: null,
      hasRun: false,
      lastStoppedAt: null,
      endpoints: null,
    },
    'agree for 60 s, then call start-replication',
  ],
  [
    'a look that shows no run of what has run must agree with others',
    { look: created, lastStoppedAt: null },
    'agree for 60 s, then DmsCheckpointChanged',
  ],
])('%s', (_, changes, outcome) => expect(judged(changes)).toBe(outcome));

test('a judgement says what it waits for, and what looks must agree on', () => {
  expect(judgeResume(facts(shown({ status: 'stopping' })))).toEqual({
    do: 'wait',
    why: 'DMS can start it only once it is at rest',
  });
  expect(judgeResume(facts({ look: older }))).toMatchObject({
    do: 'agree',
    on: 'DMS shows no run of it, or an older stop than the recorded one',
  });
  expect(judgeResume(facts({ look: running })).do).toBe('send-nothing');
});

describe('the warnings of a call', () => {
  const warningsOf = (changes: Changes) => {
    const judgement = judgeResume(facts(changes));
    return judgement.do === 'call'
      ? judgement.warnings.map(({ code, message }) => `${code}: ${message}`)
      : judgement.do;
  };
  const unread = (problem: string | null) => ({ endpoints: null, problem });

  test.each<[string, Changes, readonly string[]]>([
    ['are none when everything was checked', {}, []],
    ['name endpoints that this worker does not read', { endpoints: null }, ['this worker does not read endpoints']],
    ['name endpoints that could not be read', { endpoints: unread('IAM denies it') }, ['IAM denies it']],
    [
      'name a record without endpoints',
      { endpoints: unread(null), checkpoint: { ...recorded, endpoints: null } },
      ['the record has no addresses'],
    ],
    [
      'do not mention endpoints that neither side knows',
      { endpoints: null, checkpoint: { ...recorded, endpoints: null } },
      [],
    ],
    [
      'name an endpoint whose address DMS hides',
      {
        checkpoint: { ...recorded, endpoints: { ...endpoints, source: address('source', null) } },
        endpoints: { endpoints: { ...endpoints, source: address('source', null) }, problem: null },
      },
      ['DMS does not show the address of source'],
    ],
    [
      'name an endpoint whose address DMS shows only now',
      { checkpoint: { ...recorded, endpoints: { ...endpoints, target: address('target', null) } } },
      ['DMS does not show the address of target'],
    ],
    [
      'name an endpoint whose address DMS hides now',
      { endpoints: { endpoints: { ...endpoints, target: address('target', null) }, problem: null } },
      ['DMS does not show the address of target'],
    ],
    ['are those of the start, too', asked({ cdcStartPosition: 'x' }), ['custom-start-position']],
    [
      'of a call that is sent again are those of the start',
      { ownCall: pendingCall, ...asked({ cdcStartPosition: 'x' }) },
      ['custom-start-position'],
    ],
  ])('%s', (_, changes, parts) => {
    const warnings = warningsOf(changes);
    expect(warnings).toHaveLength(parts.length);
    for (const [n, part] of parts.entries()) expect(warnings[n]).toContain(part);
  });
});

test.each<[string, Changes, boolean]>([
  ['read for a call that goes on from the recorded stop', {}, true],
  [
    'read for a first start that is told to go on',
    { look: created, ...asked({ startReplicationType: 'resume-processing' }) },
    true,
  ],
  ['not read by a worker that does not look at them', { endpoints: null }, false],
  ['not read where the record has none', { checkpoint: { ...recorded, endpoints: null } }, false],
  ['not read without a record', { checkpoint: null }, false],
  ['not read for a forced resume', asked({ force: true }), false],
  ['not read for a reload', asked(reload), false],
  ['not read for a replication that runs', { look: running }, false],
  ['not read for a call that is sent again', { ownCall: pendingCall }, false],
])('endpoints are %s', (_, changes, isRead) => expect(shouldCompareEndpoints(facts(changes))).toBe(isRead));
