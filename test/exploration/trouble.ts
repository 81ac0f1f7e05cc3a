/**
 * Kinds of trouble that a world may have.
 *
 * Every world also has lost requests, killed workers, and operations that are cancelled, terminated or reset.
 */
export interface Trouble {
  /** A look shows a state up to 60 s old, and a later look an older one. */
  readonly staleLooks: boolean;
  /** The replication has no row, or neither row nor config, for up to 20 s. */
  readonly missingLooks: boolean;
  /** DMS refuses a call with a status of another resource, or with its own of up to 60 s ago. */
  readonly lies: boolean;
  /** A call lands up to 280 s after it was sent, long after its client has given up. */
  readonly lateCalls: boolean;
  /** AWS gives no answer for minutes. */
  readonly outages: boolean;
  /** A call takes effect, but its answer is an error that AWS does not document. */
  readonly oddAnswers: boolean;
  /** Someone stops or starts the replication in the AWS console. DMS stops it for a while. A stop fails. */
  readonly console: boolean;
  /** The ledger gets a request again, much later, or a forged one, such as for another replication. */
  readonly replays: boolean;
  /** A worker freezes for up to 280 s, then goes on. */
  readonly freezes: boolean;
  /** The server forgets closed executions. */
  readonly retention: boolean;
  /** Final stops among pauses, and seals that are lifted. */
  readonly finals: boolean;
  /** Confirmed reloads among resumes. */
  readonly reloads: boolean;
}

export const noTrouble: Trouble = {
  staleLooks: false,
  missingLooks: false,
  lies: false,
  lateCalls: false,
  outages: false,
  oddAnswers: false,
  console: false,
  replays: false,
  freezes: false,
  retention: false,
  finals: false,
  reloads: false,
};

export const allTrouble = Object.fromEntries(Object.keys(noTrouble).map((each) => [each, true])) as unknown as Trouble;

/** Reads `all`, `none`, or names separated by commas. */
export function readTrouble(names: string): Trouble {
  if (names === 'all') return allTrouble;
  if (names === 'none') return noTrouble;
  const wanted = names.split(',');
  const unknown = wanted.filter((each) => !Object.hasOwn(noTrouble, each));
  if (unknown.length > 0)
    throw new Error(`Unknown trouble: ${unknown.join()}. Choose from ${Object.keys(noTrouble).join()}`);
  return { ...noTrouble, ...Object.fromEntries(wanted.map((each) => [each, true])) };
}
