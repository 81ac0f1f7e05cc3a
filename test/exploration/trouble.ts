/** Kinds of trouble that the world may have, besides what is always there: requests that get lost, workers that die, operations that are cut short. */
export interface Trouble {
  /** A look shows a state up to 60 s old, and a later look an older one. */
  readonly staleLooks: boolean;
  /** The replication has no row, or neither row nor config, for up to 20 s. */
  readonly missingLooks: boolean;
  /** DMS refuses a call for a reason that is about something else, or was true up to 60 s ago. */
  readonly lies: boolean;
  /** A call lands up to 280 s after it was sent, long after its client has given up. */
  readonly lateCalls: boolean;
  /** AWS gives no answer for minutes. */
  readonly outages: boolean;
  /** A call takes effect and is answered with a 4xx that AWS does not document. */
  readonly oddAnswers: boolean;
  /** Someone stops and starts the replication at the console; DMS stops it for a while; a stop fails. */
  readonly console: boolean;
  /** A request to the ledger is delivered once more, much later or for another replication. */
  readonly replays: boolean;
  /** A worker stands still for minutes and then goes on. */
  readonly freezes: boolean;
  /** Executions that are closed are forgotten. */
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
    throw new Error(`No such trouble: ${unknown.join()}. One of ${Object.keys(noTrouble).join()}`);
  return { ...noTrouble, ...Object.fromEntries(wanted.map((each) => [each, true])) };
}
