/** Search attributes of ledgers in the namespace, as `temporal-dms doctor` checks and creates them. */
import { Connection, type Client } from '@temporalio/client';
import { shellWord } from '../contract/commands.js';
import { hasSearchAttributes, searchAttributes } from '../contract/search-attributes.js';
import { messageOf } from '../program.js';
import type { DoctorCheck } from './doctor.js';

const NAME = 'search';
/** Time limit for the server's answer. */
const SECONDS = 10;
/** Values of `IndexedValueType` in Temporal's API. */
const types = { KEYWORD: 2, BOOL: 5, DATETIME: 6 } as const;
const names = Object.values(searchAttributes).map(({ name }) => name);
const CREATE = 'temporal dms doctor --create-search-attributes';

/** Checks that the namespace, which exists, has the search attributes. Creates them first if asked to. */
export async function checkSearchAttributes(client: Client, creates: boolean): Promise<DoctorCheck> {
  const namespace = `--namespace ${shellWord(client.options.namespace)}`;
  try {
    if (await hasSearchAttributes(client, SECONDS)) return ok(false);
  } catch (err) {
    const detail = `The search attributes of the namespace can't be read: ${messageOf(err)}`;
    const hint = 'If access is denied, allow CountWorkflowExecutions. Otherwise try again.';
    return { name: NAME, state: 'warning', detail, hint };
  }
  if (!creates) {
    const detail = `The namespace lacks at least one of the search attributes ${names.join(', ')}, or one has another type. So the Web UI can't filter replications`;
    return { name: NAME, state: 'skipped', detail, hint: `Create them: ${CREATE} ${namespace}` };
  }
  try {
    await create(client);
  } catch (err) {
    const flags = Object.values(searchAttributes).map(({ name, type }) => `--name ${name} --type ${cliTypes[type]}`);
    const hint = `Create them as an administrator: temporal operator search-attribute create ${namespace} ${flags.join(' ')}. On Temporal Cloud, use its console.`;
    return { name: NAME, state: 'failed', detail: `The search attributes can't be created: ${messageOf(err)}`, hint };
  }
  return ok(true);
}

const cliTypes = { KEYWORD: 'Keyword', BOOL: 'Bool', DATETIME: 'Datetime' } as const;

function ok(isNew: boolean): DoctorCheck {
  const later = isNew ? '. Workers see them within ten minutes, and a ledger sets them at its next operation' : '';
  return { name: NAME, state: 'ok', detail: `Search attributes ${names.join(', ')}${later}`, hint: null };
}

async function create(client: Client): Promise<void> {
  const { connection } = client;
  if (!(connection instanceof Connection)) throw new Error('This connection has no operator service');
  await connection.operatorService.addSearchAttributes({
    namespace: client.options.namespace,
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name, type }) => [name, types[type]])),
  });
}
