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
import { dmsFailure, findDmsFailure } from '../operations/failures.js';
import {
  failedEntry,
  fleetOperation,
  fleetResult,
  isTooMany,
  planFleet,
  resumedEntry,
  stoppedEntry,
  type FleetEntry,
  type FleetProgress,
  type FleetResult,
  type FleetState,
  type ResumeFleetInput,
  type StopFleetInput,
} from '../operations/fleet.js';
import type { OperationKind } from '../operations/inputs.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../operations/results.js';
import { fleetQuery } from './messages.js';
import { runAsChild } from './run-as-child.js';

/** A run goes on as a new one before its history gets longer, or larger. */
const MAX_EVENTS = 3500;
const MAX_BYTES = 8_000_000;

/**
 * Stops up to 10,000 replications, so many at once, each as the ordinary workflow of its own. A cancel lets those that are under way finish and starts
 * no more; the result says what is left.
 */
export function dmsStopFleet(input: StopFleetInput, state?: FleetState): Promise<FleetResult> {
  return runFleet('stop', input, state, (next) => continueAsNew<typeof dmsStopFleet>(nothing, next));
}

/** Resumes up to 10,000 replications, those of a stop fleet in the order of their deadlines. */
export function dmsResumeFleet(input: ResumeFleetInput, state?: FleetState): Promise<FleetResult> {
  return runFleet('resume', input, state, (next) => continueAsNew<typeof dmsResumeFleet>(nothing, next));
}

/** What a run hands to the next is all in its state. */
const nothing = { replicationConfigArns: [] };

async function runFleet(
  kind: OperationKind,
  input: StopFleetInput | ResumeFleetInput,
  state: FleetState | undefined,
  goOn: (state: FleetState) => Promise<never>,
): Promise<FleetResult> {
  const fleet = new Fleet(state ?? planFleet(kind, { ...input }, workflowInfo().workflowId));
  CancellationScope.current().cancelRequested.catch(() => fleet.halt('cancelled'));
  await CancellationScope.nonCancellable(() => fleet.run());
  if (fleet.goesOn) return goOn(fleet.state);
  const result = fleetResult(fleet.state);
  if (fleet.halted === 'failures' && result.left.length > 0) throw tooManyFailed(result);
  return result;
}

/** The replications of a fleet in one run of its workflow. */
class Fleet {
  halted: FleetProgress['halted'];
  private readonly running = new Set<string>();
  private readonly left: string[];
  private readonly results: Record<string, FleetEntry>;
  private ended: number;
  private failed: number;

  constructor(private readonly begun: FleetState) {
    this.halted = begun.halted;
    this.ended = Object.keys(begun.results).length;
    this.left = [...begun.left];
    this.results = { ...begun.results };
    this.failed = fleetResult(begun).failed;
    setHandler(fleetQuery, () => ({ ...fleetResult(this.state), left: [...this.left], running: [...this.running] }));
    this.show();
  }

  /** It has to be handed to a new run. */
  get goesOn(): boolean {
    return this.running.size > 0 || (this.left.length > 0 && this.halted === null);
  }

  /** As it is now; those that are under way are followed by the next run. */
  get state(): FleetState {
    const left = [...this.running, ...this.left];
    const sequences = Object.fromEntries(
      left.flatMap((arn) => (this.begun.sequences[arn] === undefined ? [] : [[arn, this.begun.sequences[arn]]])),
    );
    const underWay = this.running.size;
    return { ...this.begun, left, underWay, sequences, results: this.results, halted: this.halted };
  }

  halt(why: 'cancelled' | 'failures'): void {
    this.halted ??= why;
    this.show();
  }

  async run(): Promise<void> {
    const { concurrency, underWay = 0 } = this.begun;
    for (const arn of this.left.splice(0, underWay)) this.begin(arn, true);
    for (;;) {
      while (this.halted === null && this.running.size < concurrency) {
        const arn = this.left.shift();
        if (arn === undefined) break;
        this.begin(arn, false);
      }
      if (this.running.size === 0) return;
      const { size } = this.running;
      await condition(() => this.running.size < size || isLong());
      if (isLong()) return;
    }
  }

  private begin(arn: string, isBegun: boolean): void {
    this.running.add(arn);
    void this.one(arn, isBegun);
  }

  private async one(arn: string, isBegun: boolean): Promise<void> {
    const { kind } = this.begun;
    const input = fleetOperation(this.begun, arn);
    try {
      const result = await runAsChild<StopReplicationResult | ResumeReplicationResult>(kind, input, {
        isBegun,
        taskQueue: workflowInfo().taskQueue,
      });
      this.results[arn] = 'checkpoint' in result ? stoppedEntry(result) : resumedEntry(result);
    } catch (err) {
      // Of an operation that somebody cancelled or terminated, that is what is to be seen.
      const cause = findDmsFailure(err) ?? (isWrapper(err) ? (err.cause ?? err) : err);
      const { name = 'Error', message = String(cause) } = cause instanceof Error ? cause : {};
      const type = cause instanceof ApplicationFailure ? (cause.type ?? name) : name;
      this.results[arn] = failedEntry(type, message, this.failed++);
    }
    this.ended++;
    this.running.delete(arn);
    if (isTooMany(this.begun.stopOnFailures, this.failed, this.ended)) this.halt('failures');
    this.show();
  }

  private show(): void {
    const { kind, total } = this.begun;
    const halted = this.halted === null ? '' : `\n\nNo more are started: ${this.halted}.`;
    setCurrentDetails(
      `**${kind}** of ${total} replications: ${this.ended} ended, ${this.failed} of them failed; ${this.running.size} under way, ${this.left.length} left.${halted}`,
    );
  }
}

function isWrapper(err: unknown): err is ChildWorkflowFailure | ActivityFailure {
  return err instanceof ChildWorkflowFailure || err instanceof ActivityFailure;
}

function isLong(): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  return historyLength > MAX_EVENTS || historySize > MAX_BYTES || continueAsNewSuggested;
}

function tooManyFailed(fleet: FleetResult) {
  const [replicationConfigArn = ''] =
    Object.entries(fleet.results).findLast(([, entry]) => 'failureType' in entry) ?? [];
  const { failed, total, left, fleetId } = fleet;
  return dmsFailure(
    'DmsFleetHalted',
    { replicationConfigArn, fleet },
    `${failed} of ${total} replications failed, so ${left.length} were not begun`,
    `What failed is in details[0].fleet.results. Run the fleet again with fleetId "${fleetId}": it does only what is not done.`,
  );
}
