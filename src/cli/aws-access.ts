/** Errors of commands that ask AWS with the operator's own credentials. */
import { toDmsApiError } from '../aws/errors.js';
import { CliError, exitCodes } from './exit-codes.js';

/** Access that a command needs. */
interface Access {
  /** Command or flag that needs it, such as `--tag`. */
  readonly by: string;
  /** Beginning of the message, such as `The AWS tags can't be read`. */
  readonly failed: string;
  /** Actions of IAM. */
  readonly actions: string;
}

/** Returns the program's error for a missing region, missing credentials or a denial. `null`: it is another error. */
export function accessErrorOf(err: unknown, { by, failed, actions }: Access): CliError | null {
  if (err instanceof Error && /^Region (is missing|not accepted)/.test(err.message))
    return new CliError(`${by} needs an AWS region, and none is set`, 'Set AWS_REGION, or the region of AWS_PROFILE.');
  const { kind, message, awsName } = toDmsApiError(err);
  const what = `${failed}: ${awsName}: ${message}`;
  if (kind === 'access-denied') return new CliError(what, `Allow your own credentials ${actions}.`, exitCodes.denied);
  if (kind === 'credentials')
    return new CliError(what, `Set AWS_PROFILE: ${by} asks AWS with your own credentials.`, exitCodes.denied);
  return null;
}
