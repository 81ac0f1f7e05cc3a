/** A refusal in AWS's words. */
export class AwsFault extends Error {
  constructor(
    readonly type: string,
    message: string,
    /** HTTP status. */
    readonly status = 400,
    /** The time that the answer carries, in milliseconds since the epoch. */
    readonly date: number | null = null,
  ) {
    super(message);
  }
}
