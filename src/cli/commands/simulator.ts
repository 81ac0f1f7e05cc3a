import type { Command } from 'commander';
import { CliError } from '../exit-codes.js';
import { readJsonFile } from '../input.js';
import type { Runner, Session } from '../session.js';

interface SimulatorOptions {
  readonly port: string;
  readonly host: string;
  readonly speed: string;
  readonly seed?: string;
  readonly throttle?: string;
  readonly tables?: string;
  readonly uncertainInverted?: boolean;
  readonly uncertain?: readonly string[];
  readonly durations?: string;
  readonly startAt?: string;
}

export function addSimulator(program: Command, run: Runner): void {
  program
    .command('simulator')
    .description('start a local DMS Serverless with one running replication')
    .option('--port <number>', 'port to listen on', '4570')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--speed <number>', 'simulated seconds in a real one; 0: time stands still until it is moved', '60')
    .option('--seed <number>', 'makes a run repeatable')
    .option('--throttle <burst,rate>', 'such as 200,8: 200 requests at once, then 8 a second')
    .option('--tables <names>', 'such as shop.orders,shop.customers')
    .option('--uncertain-inverted', 'set every switch for uncertain behaviour of DMS to its other value')
    .option('--uncertain <name=value...>', 'set one switch for uncertain behaviour, such as resumePath=full')
    .option('--durations <file>', 'JSON file with the seconds of each step, such as {"stopping": 5}')
    .option('--start-at <time>', 'simulated time at which it begins, such as 2026-01-01T00:00:00Z')
    .action(run(simulate));
}

async function simulate(session: Session, options: SimulatorOptions): Promise<void> {
  const { output, terminal } = session;
  const port = readNumber('port', options.port, 65_535);
  const speed = readNumber('speed', options.speed, 1e6);
  const seed = options.seed === undefined ? {} : { seed: readNumber('seed', options.seed, 2 ** 32) };
  const throttle = readThrottle(options.throttle);
  const tables = options.tables === undefined ? {} : { tables: { names: options.tables.split(',') } };
  const { host } = options;
  const { uncertainInverted, startDmsSimulator } = await import('../../simulator/index.js');
  const inverted = options.uncertainInverted === true ? uncertainInverted : {};
  const uncertain = { ...inverted, ...throttle, ...readSwitches(options.uncertain ?? []) };
  const durations =
    options.durations === undefined ? {} : { durations: await readJsonFile(session, options.durations) };
  const startAt = options.startAt === undefined ? {} : { startAt: options.startAt };
  const asked = { port, host, speed, uncertain, ...seed, ...tables, ...durations, ...startAt };
  const simulator = await startDmsSimulator(asked).catch((err: unknown) => {
    if (err instanceof RangeError) throw new CliError(err.message, 'Correct it. Nothing was started.');
    throw err;
  });
  const arn = simulator.createReplication({ identifier: 'orders-to-aurora' });
  const { endpoint } = simulator;
  const pace =
    speed === 0
      ? 'Its time stands still until it is moved'
      : speed === 1
        ? 'Its time is as fast as yours'
        : `A real second is ${speed} simulated seconds`;
  if (speed !== 1)
    output.say(
      'Its clock and yours drift apart. Programs that compare them compute wrong windows. Use --speed 1 to avoid that.',
    );
  const reach =
    host.startsWith('127.') || ['localhost', '::1'].includes(host)
      ? 'from this machine only'
      : 'from every machine that can reach this one';
  output.result(
    { endpoint, replicationConfigArn: arn, seed: simulator.seed },
    () => `A local DMS Serverless listens at ${endpoint}.
It can be reached ${reach}. ${pace}. Open it in a browser to watch.

For the AWS CLI and every SDK:

  export AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE=${endpoint}
  export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated AWS_REGION=eu-west-1
  aws dms describe-replications

A replication runs there: ${arn}
Its seed is ${simulator.seed}.`,
  );
  const close = () => void simulator.close();
  terminal.once('SIGINT', close);
  terminal.once('SIGTERM', close);
}

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= most) return value;
  throw new CliError(`--${name} is "${text}"`, `It takes a number from 0 to ${most}.`);
}

/** Reads `--uncertain`: each value is JSON, or a text. */
function readSwitches(switches: readonly string[]) {
  return Object.fromEntries(
    switches.map((each) => {
      const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(each) ?? [];
      if (name === '') throw new CliError(`--uncertain is "${each}"`, 'Write it like resumePath=full.');
      const read = parseJson(value);
      return [name, read === undefined ? value : read];
    }),
  );
}

/** Parses JSON. `undefined`: the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads `--throttle`: `200,8` is a bucket of 200 requests with a refill of 8 a second. */
function readThrottle(text: string | undefined) {
  if (text === undefined) return {};
  const [burst = NaN, refill = NaN] = text.split(',').map(Number);
  if (burst >= 1 && refill > 0) return { throttle: { burst, refill } };
  throw new CliError(`--throttle is "${text}"`, 'Write it like 200,8: 200 requests at once, then 8 a second.');
}
