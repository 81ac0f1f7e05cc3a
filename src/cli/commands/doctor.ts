import type { Command } from 'commander';
import { messageOf } from '../../program.js';
import type { DoctorCheck } from '../doctor.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { table } from '../text.js';

export function addDoctor(program: Command, run: Runner): void {
  program
    .command('doctor [replication]')
    .description('check Temporal, the workers and AWS, and say what is wrong')
    .option('--create-search-attributes', 'create the search attributes of ledgers in the namespace first')
    .action(run(doctor));
}

async function doctor(
  session: Session,
  text: string | undefined,
  { createSearchAttributes = false }: { readonly createSearchAttributes?: boolean },
): Promise<number> {
  const [
    { checkLedger, checkTemporal },
    { checkAws },
    { checkSearchAttributes },
    { parseReplicationConfigArn },
    { readArn },
  ] = await Promise.all([
    import('../doctor.js'),
    import('../doctor-aws.js'),
    import('../search-attributes.js'),
    import('../../dms/arn.js'),
    import('../../contract/failure-messages.js'),
  ]);
  // A wrong ARN is refused before anything is checked. An ARN needs no server.
  let arn = text?.startsWith('arn:') === true ? readArn({ replicationConfigArn: text }) : null;
  const temporal = await checkServer(session);
  const checks = [...temporal];
  if (temporal.every(({ state }) => state === 'ok')) {
    const { client } = await session.connect();
    checks.push(...(await checkTemporal(client, session.taskQueue)));
    if (checks.some(({ name, state }) => name === 'namespace' && state === 'ok'))
      checks.push(await checkSearchAttributes(client, createSearchAttributes));
    if (text !== undefined && arn === null) {
      const found = await findTarget(session, text).catch(messageOf);
      if (typeof found === 'string')
        checks.push({ name: 'its ledger', state: 'failed', detail: found, hint: 'Give the whole ARN.' });
      else ({ arn } = found);
    }
    if (arn !== null) checks.push(await checkLedger(client, arn));
  }
  checks.push(...(await checkAws(arn === null ? null : parseReplicationConfigArn(arn), session.terminal.env)));
  session.output.list(checks, () => doctorText(checks, session.output.pasteable));
  return checks.some(({ state }) => state === 'failed') ? exitCodes.failure : exitCodes.success;
}

async function checkServer(session: Session): Promise<readonly DoctorCheck[]> {
  try {
    const { place } = await session.connect();
    return [{ name: 'temporal', state: 'ok', detail: `A server answers at ${place.address}`, hint: null }];
  } catch (err) {
    const hint = err instanceof CliError ? err.hint : 'Check the settings of the connection.';
    return [{ name: 'temporal', state: 'failed', detail: messageOf(err), hint }];
  }
}

/** Returns the checks as a table. Its commands are complete before it is laid out. */
function doctorText(checks: readonly DoctorCheck[], pasteable: (text: string) => string): string {
  const rows = checks.map(({ name, state, detail, hint }) => [
    name,
    state.toUpperCase(),
    pasteable(hint === null ? detail : `${detail}. ${hint}`),
  ]);
  return table(['CHECK', 'STATE', 'DETAIL'], rows);
}
