import type { ConfigSettings, Durations } from './model.js';

export interface DmsSimulatorOptions {
  /** Default: any free one. It listens on 127.0.0.1 only. */
  readonly port?: number;
  /** How many simulated seconds a second holds. Default 60. */
  readonly speed?: number;
  /** Simulated seconds of each step, where other than usual. */
  readonly durations?: Partial<Durations>;
  /** Whether a config that never ran has a row in DescribeReplications. AWS's documentation and reports contradict each other. Default true. */
  readonly rowBeforeFirstRun?: boolean;
}

export interface SimulatedReplicationOptions {
  /** Default: made up. */
  readonly identifier?: string;
  /** Default `running`. */
  readonly status?: 'created' | 'running' | 'stopped' | 'failed';
  /** Default `full-load-and-cdc`. */
  readonly replicationType?: ConfigSettings['replicationType'];
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default 3. */
  readonly tables?: number;
  readonly isReadOnly?: boolean;
  /** Bytes the source writes to its log each second. Default 2,000; 0: an idle source. */
  readonly changesPerSecond?: number;
  /** Simulated seconds of each of its steps, where other than the simulator's. */
  readonly durations?: Partial<Durations>;
}
