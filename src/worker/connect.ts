import { isGrpcServiceError } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { requireCredentials } from '../aws/index.js';
import { messageOf } from '../program.js';
import type { WorkerSettings } from './settings.js';

/** Part of the settings that names a place in Temporal. */
interface Place extends Pick<WorkerSettings, 'connectionOptions' | 'address' | 'namespace' | 'taskQueue' | 'version'> {
  /** False if the access to DMS brings its own credentials. */
  readonly needsCredentials: boolean;
}

/** Time limit for all answers of the Temporal server and the AWS credentials provider. */
const PATIENCE_SECONDS = 4;

/** Waits for an answer until the deadline of the start. After it, throws an error with the message `silence`. */
type WithPatience = <T>(answer: Promise<T>, silence: string) => Promise<T>;

/** gRPC codes of requests that no retry can correct. */
const [INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNAUTHENTICATED] = [3, 5, 7, 16];

/** Descriptions of the last two codes in the error of a native connection, which has no code of its own. */
const DENIED = /code: 'The (caller does not have permission|request does not have valid authentication credentials)/;
const CHECK_ACCESS = 'Check TEMPORAL_API_KEY or the TEMPORAL_TLS_* variables';

/**
 * Connects to Temporal. Checks the credentials, the namespace and every name that Temporal could refuse.
 *
 * Throws an error that says what to do.
 */
export async function connect(settings: Place): Promise<NativeConnection> {
  const withPatience = startPatience();
  const [connection] = await Promise.all([
    connectToNamespace(settings, withPatience),
    settings.needsCredentials &&
      withPatience(
        requireCredentials(),
        'No AWS credentials: their provider does not answer. Check what AWS_PROFILE or the AWS_CONTAINER_* variables name',
      ),
  ]);
  return connection;
}

async function connectToNamespace(settings: Place, withPatience: WithPatience): Promise<NativeConnection> {
  const connection = await connectToServer(settings, withPatience);
  const names = requireNames(connection, settings, withPatience);
  names.catch(() => {}); // a wrong namespace explains more
  await requireNamespace(connection, settings, withPatience);
  await names;
  return connection;
}

async function connectToServer(
  { connectionOptions, address }: Place,
  withPatience: WithPatience,
): Promise<NativeConnection> {
  const hint = 'Check TEMPORAL_ADDRESS, or start a server: temporal server start-dev';
  const silence = `No Temporal server answers at ${address}: it was silent for ${PATIENCE_SECONDS} s. ${hint}`;
  try {
    return await withPatience(NativeConnection.connect(connectionOptions), silence);
  } catch (err) {
    const problem = messageOf(err);
    if (DENIED.test(problem))
      throw new Error(`The Temporal server at ${address} denies this worker access: ${problem}. ${CHECK_ACCESS}`, {
        cause: err,
      });
    throw new Error(problem === silence ? silence : `No Temporal server answers at ${address}: ${problem}. ${hint}`, {
      cause: err,
    });
  }
}

async function requireNamespace(
  connection: NativeConnection,
  { address, namespace }: Place,
  withPatience: WithPatience,
): Promise<void> {
  try {
    await withPatience(connection.workflowService.describeNamespace({ namespace }), silenceOf(address));
  } catch (err) {
    const code = codeOf(err);
    if (code === NOT_FOUND) {
      const create = `temporal operator namespace create --namespace ${namespace}`;
      throw new Error(
        `The Temporal server at ${address} has no namespace "${namespace}". Check TEMPORAL_NAMESPACE, or create it: ${create}`,
        { cause: err },
      );
    }
    if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) {
      throw new Error(
        `The Temporal server at ${address} denies this worker access to the namespace "${namespace}": ${messageOf(err)}. ${CHECK_ACCESS}`,
        { cause: err },
      );
    }
    throw err;
  }
}

function silenceOf(address: string): string {
  return `The Temporal server at ${address} did not answer in time. Check the server, then start the worker again`;
}

/** Throws if the server refuses a name. A poll with such a name would be retried silently. */
async function requireNames(
  { workflowService }: NativeConnection,
  { address, namespace, taskQueue, version }: Place,
  withPatience: WithPatience,
): Promise<void> {
  const requireAccepted = async (variable: string, answer: Promise<unknown>): Promise<void> => {
    try {
      await withPatience(answer, silenceOf(address));
    } catch (err) {
      // A version that is not found is new. A denied request says nothing about the name.
      const code = codeOf(err);
      if (code === undefined) throw err;
      if (code !== INVALID_ARGUMENT) return;
      throw new Error(`Temporal refuses ${variable}: ${messageOf(err)}`, { cause: err });
    }
  };
  await Promise.all([
    requireAccepted(
      'TEMPORAL_TASK_QUEUE',
      workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
    ),
    version !== null &&
      requireAccepted(
        'TEMPORAL_DEPLOYMENT_NAME or TEMPORAL_WORKER_BUILD_ID',
        workflowService.describeWorkerDeploymentVersion({ namespace, deploymentVersion: version }),
      ),
  ]);
}

/** Sets the deadline of a start. All waits share it. */
function startPatience(): WithPatience {
  const endsAt = performance.now() + PATIENCE_SECONDS * 1000;
  return async (answer, silence) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(silence)), Math.max(0, endsAt - performance.now()));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

function codeOf(err: unknown): number | undefined {
  return isGrpcServiceError(err) ? err.code : undefined;
}
