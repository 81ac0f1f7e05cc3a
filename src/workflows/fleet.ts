import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { DmsFailureType, findDmsFailure } from '../contract/failures.js';
import {
  flattenResults,
  groupResults,
  type FleetEntry,
  type FleetMember,
  type FleetReport,
  type FleetState,
  type ResumeFleetInput,
  type StopFleetInput,
} from '../contract/fleets.js';
import {
  failedEntry,
  fleetOperationInput,
  fleetReport,
  hasTooManyFailures,
  isFleetIdReused,
  resumedEntry,
  stoppedEntry,
} from '../rules/fleet-results.js';
import { tooManyFailed, usedBefore } from '../rules/fleet-failures.js';
import { planFleet, readFleetState } from '../rules/fleet-plan.js';
import type { OperationKind } from '../contract/inputs.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { fleetQuery } from './messages.js';
import { runAsChild } from './operation/run-as-child.js';

/** Events and bytes of history from which a run continues as new. */
const MAX_EVENTS = 3500;
const MAX_BYTES = 8_000_000;

/**
 * Stops up to 10,000 replications, at most `concurrency` at once. Each stop runs in its own operation workflow.
 *
 * A cancelled fleet lets operations under way finish, and starts no more. The result lists the ARNs that are left.
 */
export function dmsStopFleet(input: StopFleetInput, state?: FleetState): Promise<FleetReport> {
  return runFleet('stop', input, state, (next) => continueAsNew<typeof dmsStopFleet>(emptyInput, next));
}

/** Resumes up to 10,000 replications. With `stopped`, the nearest deadline comes first. */
export function dmsResumeFleet(input: ResumeFleetInput, state?: FleetState): Promise<FleetReport> {
  return runFleet('resume', input, state, (next) => continueAsNew<typeof dmsResumeFleet>(emptyInput, next));
}

/** Input of a continued run. The state holds everything. */
const emptyInput = { replicationConfigArns: [] };

async function runFleet(
  kind: OperationKind,
  input: StopFleetInput | ResumeFleetInput,
  state: FleetState | undefined,
  goOn: (state: FleetState) => Promise<never>,
): Promise<FleetReport> {
  const begun = state == null ? planFleet(kind, input, workflowInfo().workflowId) : readFleetState(kind, state);
  const fleet = new Fleet(begun);
  CancellationScope.current().cancelRequested.catch(() => fleet.halt('cancelled'));
  await CancellationScope.nonCancellable(() => fleet.run());
  if (fleet.mustContinue) return goOn(fleet.state);
  const { report } = fleet;
  const isHalted = report.halted === 'superseded' || (report.halted === 'failures' && report.left.length > 0);
  if (!isHalted) return report;
  throw report.halted === 'superseded' || fleet.wasUsedBefore
    ? usedBefore(report, fleet.supersededCount, workflowInfo().workflowId)
    : tooManyFailed(report, workflowInfo().workflowId);
}

/** Replications of a fleet in one run of its workflow. */
class Fleet {
  supersededCount: number;
  private halted: FleetState['halted'];
  private readonly running = new Map<string, FleetMember>();
  private readonly left: FleetMember[];
  private readonly results: Record<string, FleetEntry>;
  private endedCount: number;
  private failed: number;

  constructor(private readonly begun: FleetState) {
    this.halted = begun.halted;
    this.left = [...begun.remaining];
    this.results = flattenResults(begun.results);
    const entries = Object.values(this.results);
    this.endedCount = entries.length;
    this.failed = entries.filter((entry) => 'failureType' in entry).length;
    this.supersededCount = entries.filter(isSuperseded).length;
    setHandler(fleetQuery, () => ({ ...this.report, running: [...this.running.keys()] }), {
      description: 'Shows the outcomes so far, the operations under way, and the ARNs that are left.',
    });
    this.show();
  }

  /** True if the fleet must go on in a new run. */
  get mustContinue(): boolean {
    return this.running.size > 0 || (this.left.length > 0 && this.halted === null);
  }

  get wasUsedBefore(): boolean {
    return isFleetIdReused(this.supersededCount, this.endedCount, this.endedCount);
  }

  /** State for the next run, which follows the operations under way. */
  get state(): FleetState {
    const left = [...this.running.values(), ...this.left];
    const underWay = this.running.size;
    return { ...this.begun, remaining: left, underWay, results: groupResults(this.results), halted: this.halted };
  }

  get report(): FleetReport {
    const left = this.left.map(({ arn }) => arn);
    return fleetReport({ ...this.begun, halted: this.halted }, left, this.results);
  }

  halt(why: NonNullable<FleetState['halted']>): void {
    this.halted ??= why;
    this.show();
  }

  async run(): Promise<void> {
    const { concurrency, underWay } = this.begun;
    for (const member of this.left.splice(0, underWay)) this.begin(member, true);
    for (;;) {
      while (this.halted === null && this.running.size < concurrency) {
        const member = this.left.shift();
        if (member === undefined) break;
        this.begin(member, false);
      }
      if (this.running.size === 0) return;
      const { size } = this.running;
      await condition(() => this.running.size < size || hasLongHistory());
      if (hasLongHistory()) return;
    }
  }

  private begin(member: FleetMember, isBegun: boolean): void {
    this.running.set(member.arn, member);
    void this.runMember(member, isBegun);
  }

  private async runMember(member: FleetMember, isBegun: boolean): Promise<void> {
    const entry = await this.entryOf(member, isBegun);
    this.results[member.arn] = entry;
    this.running.delete(member.arn);
    this.endedCount++;
    if ('failureType' in entry) this.failed++;
    if (isSuperseded(entry)) this.supersededCount++;
    if (isFleetIdReused(this.supersededCount, this.endedCount, this.begun.total)) this.halt('superseded');
    if (hasTooManyFailures(this.begun.stopOnFailures, this.failed, this.endedCount)) this.halt('failures');
    this.show();
  }

  /** Runs one operation, and returns its entry. */
  private async entryOf(member: FleetMember, isBegun: boolean): Promise<FleetEntry> {
    const { kind } = this.begun;
    const input = fleetOperationInput(this.begun, member);
    try {
      const { taskQueue } = workflowInfo();
      const result = await runAsChild<StopReplicationResult | ResumeReplicationResult>(kind, input, {
        isBegun,
        taskQueue,
      });
      return 'checkpoint' in result ? stoppedEntry(result) : resumedEntry(result);
    } catch (err) {
      // Temporal wraps the cancel or termination of an operation. The entry names the cause, not the wrapper.
      const cause = findDmsFailure(err) ?? (isWrapper(err) ? (err.cause ?? err) : err);
      const { name = 'Error', message = String(cause) } = cause instanceof Error ? cause : {};
      const type = cause instanceof ApplicationFailure ? (cause.type ?? name) : name;
      return failedEntry(type, message, this.failed);
    }
  }

  private show(): void {
    const { kind, total } = this.begun;
    const halted = this.halted === null ? '' : `\n\nNo more are started: ${this.halted}.`;
    setCurrentDetails(
      `**${kind}** of ${total} replications: ${this.endedCount} ended, ${this.failed} of them failed; ${this.running.size} under way, ${this.left.length} left.${halted}`,
    );
  }
}

function isWrapper(err: unknown): err is ChildWorkflowFailure | ActivityFailure {
  return err instanceof ChildWorkflowFailure || err instanceof ActivityFailure;
}

function hasLongHistory(): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  return historyLength > MAX_EVENTS || historySize > MAX_BYTES || continueAsNewSuggested;
}

function isSuperseded(entry: FleetEntry): boolean {
  return 'failureType' in entry && entry.failureType === DmsFailureType.DmsOperationSuperseded;
}
