/** Error answer of AWS. `type` is the error's name. */
export class AwsFault extends Error {
  constructor(
    readonly type: string,
    message: string,
    /** HTTP status. */
    readonly status = 400,
    /** Time in the answer's header `Date`, in ms since the epoch. `null`: no header. */
    readonly date: number | null = null,
  ) {
    super(message);
  }
}
