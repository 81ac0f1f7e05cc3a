/** Conclusion that one look does not prove. Looks must agree on it first. */
export interface Doubt<Conclusion> {
  readonly do: 'agree';
  /** Name of the conclusion, in words for an operator. */
  readonly on: string;
  /** Seconds for which looks must agree on it. */
  readonly forSeconds: number;
  /** Returns the conclusion. May throw a terminal failure. */
  readonly conclude: () => Conclusion;
}
