import type { Call, CallObserver } from './calls.js';
import { GIVEN_UP_SECONDS } from './calls.js';
import type { Execution } from './execution.js';
import { memoKeys, type Ledger } from './package-api.js';
import { DMS, SOMEONE, type SmallDms, type Stop } from './small-dms.js';

/** Names of the rules that a world must keep. */
export const rules = {
  'no-note': 'a call takes effect for an operation that the ledger does not know to be calling',
  crossed: 'a call is sent while a call of the other kind may still land',
  overtaken: 'a late call undoes the change of an operation that came after it',
  twice: 'the stop of one operation takes effect twice, and nobody else ran the replication in between',
  'at-once': 'calls of two runs are on their way at once',
  reserved: 'a call lands while the replication is reserved for somebody else',
  'start-type': 'a start is sent with a start type that nobody asked for',
  unrecorded: 'a stop that took effect is not recorded',
  'unrecorded-failure': 'a stop that took effect and failed is not recorded',
  'recorded-twice': 'one operation records one stop twice',
  'wrong-checkpoint': 'a stop is recorded with the checkpoint of another stop',
  unsealed: 'a final stop took effect, or succeeded, and the ledger is not sealed',
  unguarded: 'nothing guards the resume deadline of the newest pause',
  'note-stays': 'the note of a call stays for ever',
  'false-stop': 'a stop is reported at a checkpoint or a time at which the replication was not stopped',
  'false-resume': 'a resume is reported although the replication did not run',
  'false-failure': 'an operation fails for a reason that is not true',
  'not-as-asked': 'an operation succeeds without doing all that was asked',
  unexplained: 'an operation fails without an explanation',
  endless: 'something never ends',
} as const;

export type Rule = keyof typeof rules;

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

/** Facts of the world that the judge uses. */
export interface Evidence {
  readonly dms: SmallDms;
  readonly ledger: Ledger | null;
  readonly executions: readonly Execution[];
  /** Calls that may still land. */
  readonly onTheirWay: readonly Call[];
  /** Workflow id of the host that holds the reservation. `null`: none. */
  readonly holder: string | null;
}

/** Returns true if an operation made a change, false if DMS or someone at the console did. */
export const isOfOperation = ({ by }: { readonly by: string }) => by !== SOMEONE && by !== DMS;

/** Judges every call while the world is running. */
export class Judge implements CallObserver {
  readonly violations: Violation[] = [];
  /** Stops whose call was on its way while others started the replication. Nobody has to record such a stop. */
  readonly strayed = new Set<Stop>();

  constructor(private readonly evidence: () => Evidence) {}

  sent(call: Call): void {
    const other = this.evidence().onTheirWay.find(({ kind }) => kind !== call.kind);
    if (other !== undefined) this.#violated('crossed', call, `while the ${other.kind} for ${other.by} is on its way`);
  }

  landing(call: Call): void {
    // Once the client has given up a call, another call of the same kind may follow.
    if (ageOf(call) > GIVEN_UP_SECONDS) return;
    const { onTheirWay, ledger, holder } = this.evidence();
    const other = onTheirWay.find((each) => each.by !== call.by && ageOf(each) <= GIVEN_UP_SECONDS);
    if (other !== undefined) this.#violated('at-once', call, `while a call for ${other.by} is on its way`);
    const isHeld = holder !== null && ledger?.reservation?.workflowId === holder;
    if (isHeld && call.operation?.parent?.workflowId !== holder)
      this.#violated('reserved', call, `while the replication is reserved for ${holder}`);
  }

  tookEffect(call: Call): void {
    const { dms, ledger } = this.evidence();
    const operationId = call.operation?.memo[memoKeys.operationId];
    const note = ledger?.pendingCall ?? null;
    const kind = call.kind === 'stop' ? 'stop' : 'resume';
    const isKnown = note?.operationId === operationId && note?.kind === kind;
    if (!isKnown && !this.#isMeddledWith(call.sentAt))
      this.#violated('no-note', call, `while the ledger knew of ${note === null ? 'none' : note.operationId}`);
    const undone = (call.kind === 'stop' ? dms.starts : dms.stops).filter(isOfOperation).find((each) => {
      return ('at' in each ? each.at : each.askedAt) > call.sentAt;
    });
    if (undone !== undefined) this.#violated('overtaken', call, `although ${undone.by} came after it`);
    if (call.kind === 'start') return;
    this.#judgeRepeat(call);
    const stop = dms.stops.at(-1);
    if (stop !== undefined && dms.starts.some((each) => !isOfOperation(each) && each.at >= call.sentAt))
      this.strayed.add(stop);
  }

  /** Judges the start type that is sent to DMS: it must be the one of the input, or else `resume-processing`. */
  started(by: string, type: string, operation: Execution | undefined): void {
    const input = operation?.args[0] as { readonly startReplicationType?: string } | undefined;
    if (type === (input?.startReplicationType ?? 'resume-processing')) return;
    this.violations.push({ rule: 'start-type', what: `${by} sends "${type}"` });
  }

  #judgeRepeat(call: Call): void {
    const { dms, executions } = this.evidence();
    const firstRunOf = (by: string) => executions.find(({ runId }) => by.endsWith(` ${runId}`))?.firstRunId;
    const before = dms.stops.slice(0, -1).findLast(({ by }) => firstRunOf(by) === call.operation?.firstRunId);
    if (before === undefined || call.operation === undefined) return;
    const isRunByOthers = dms.starts.some((each) => !isOfOperation(each) && each.at >= before.askedAt);
    if (!isRunByOthers) this.#violated('twice', call, `after the stop asked for at ${before.askedAt}`);
  }

  /** Returns true if DMS or someone at the console has stopped or started the replication since. */
  #isMeddledWith(since: number): boolean {
    const { dms } = this.evidence();
    const isMeddling = (each: { readonly by: string }, at: number) => !isOfOperation(each) && at >= since;
    return (
      dms.stops.some((each) => isMeddling(each, each.askedAt) || (each.isFailed && each.stoppedAt >= since)) ||
      dms.starts.some((each) => isMeddling(each, each.at))
    );
  }

  #violated(rule: Rule, { kind, by, sentAt }: Call, what: string): void {
    this.violations.push({ rule, what: `the ${kind} for ${by}, sent at ${new Date(sentAt).toISOString()}, ${what}` });
  }
}

function ageOf({ sentAt }: Call): number {
  return (Date.now() - sentAt) / 1000;
}
