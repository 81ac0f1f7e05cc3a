/** Checks of a config. They throw faults like DMS's. */
import { AwsFault } from '../engine/aws-fault.js';
import { idOf } from '../engine/rules.js';
import { parseSettings } from '../engine/task-settings.js';
import type { Input, AccountRegion } from './account-region.js';
import type { SimulatedReplication } from '../engine/replication.js';

const CAPACITY_UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

export function checkIdentifier(value: string, name: string): void {
  if (/^[A-Za-z][A-Za-z0-9-]{0,254}$/.test(value) && !value.endsWith('-') && !value.includes('--')) return;
  throw invalid(
    `The parameter ${name} must begin with a letter; contain only ASCII letters, digits and hyphens; and not end with a hyphen or contain two consecutive hyphens`,
  );
}

/**
 * Throws if a config can't use the endpoint. An endpoint that no request has created counts as there, with the role that
 * the start of its name tells, until a request creates one.
 */
export function checkEndpoint(arn: unknown, role: 'source' | 'target', accountRegion: AccountRegion): void {
  const { region, accountId, resources } = accountRegion;
  const stored = resources.endpoints.get(String(arn));
  const [, suffix] =
    new RegExp(`^arn:[^:]+:dms:${region}:${accountId}:endpoint:([A-Za-z0-9-]+)$`).exec(String(arn)) ?? [];
  const isKnown = stored !== undefined || !resources.hasEndpoints;
  if (suffix === undefined || !isKnown) throw notFound('Endpoint', String(arn));
  const other = role === 'source' ? 'target' : 'source';
  const isOther =
    stored === undefined ? suffix.toLowerCase().startsWith(other) : stored.EndpointType === other.toUpperCase();
  const engine = stored?.EngineName ?? 'mysql';
  if (isOther)
    throw invalid(
      `ReplicationEngineType [id=1, name=${engine}, cdcSupported=Y, endpointType=${other.toUpperCase()}, serviceType=AWS, externalName=${engine === 'mysql' ? 'MySQL' : engine}, rvn=1] endpoint must be of type ${role.toUpperCase()}`,
    );
}

export function checkCompute({ MinCapacityUnits: least, MaxCapacityUnits: most }: Input): void {
  if (least === undefined && most === undefined) throw invalid('ComputeConfig must give MaxCapacityUnits');
  for (const units of [least, most]) {
    if (units !== undefined && !CAPACITY_UNITS.includes(units as number))
      throw invalid(`Capacity units must be one of ${CAPACITY_UNITS.join(', ')}`);
  }
  if (typeof least === 'number' && typeof most === 'number' && least > most) {
    throw invalid('MinCapacityUnits cannot be greater than MaxCapacityUnits');
  }
}

export function checkSupplementalSettings(input: Input): void {
  if (input['SupplementalSettings'] !== undefined && parseSettings(textOf(input, 'SupplementalSettings')) === null)
    throw invalid('Invalid task settings json');
}

/** Refuses a change to a read-only replication. Inferred: nobody has reported DMS's own refusal. */
export function refuseReadOnly({ config, arn }: SimulatedReplication, what: string): void {
  if (config.IsReadOnly !== true) return;
  throw new AwsFault('InvalidResourceStateFault', `Replication Config ${idOf(arn)} is read-only and cannot be ${what}`);
}

export function invalid(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', message);
}

export function notFound(what: string, name: string): AwsFault {
  return new AwsFault('ResourceNotFoundFault', `${what} '${name}' was not found`);
}

/** Returns a text member of a checked request, or `otherwise` if it is absent. */
export function textOf(input: Input, name: string, otherwise = ''): string {
  const value = input[name];
  return typeof value === 'string' ? value : otherwise;
}
