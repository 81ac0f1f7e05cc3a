/** Commands in the output that reach the same server when an operator pastes them. */
import { shellWord } from '../contract/commands.js';
import type { GlobalOptions } from './globals.js';

/** Flags that a command repeats. Keys, headers and inline certificates are left out: they are secret, or long. */
const repeated = [
  ['address', '--address'],
  ['namespace', '--namespace'],
  ['profile', '--profile'],
  ['configFile', '--config-file'],
  ['disableConfigFile', '--disable-config-file'],
  ['disableConfigEnv', '--disable-config-env'],
  ['tls', '--tls'],
  ['tlsServerName', '--tls-server-name'],
  ['tlsCaPath', '--tls-ca-path'],
  ['tlsCertPath', '--tls-cert-path'],
  ['tlsKeyPath', '--tls-key-path'],
] as const satisfies readonly (readonly [keyof GlobalOptions, string])[];

/** Beginning of a command that connects to Temporal. Tables break commands, so `\s+` also matches line breaks. */
const BEGINNING =
  /\b(temporal-dms\s+(?=worker\b)|temporal\s+(?:dms|workflow|activity|schedule|task-queue|operator)\s+(?=[a-z]))/g;
/** Command that checks the workers of a task queue. */
const DOCTOR = /^temporal\s+dms\s+doctor\b/;
/** End of a command in a text. */
const END = /\. |\)|; /;

/**
 * Returns a function that adds the connection's flags to each command in a text. A pasted command
 * reads the variables and the config file by itself, so only flags are added.
 */
export function pasteable(globals: Partial<GlobalOptions>): (text: string) => string {
  const flags = repeated.flatMap(([option, flag]) => {
    const value = globals[option];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [{ flag, words: value ? flag : `${flag}=false` }];
    return [{ flag, words: `${flag} ${shellWord(value)}` }];
  });
  const { taskQueue } = globals;
  const queue =
    taskQueue === undefined ? [] : [{ flag: '--task-queue', words: `--task-queue ${shellWord(taskQueue)}` }];
  return (text) =>
    text.replaceAll(BEGINNING, (beginning: string, _, offset: number) => {
      const [command = ''] = text.slice(offset).split(END);
      const given = DOCTOR.test(command) ? [...flags, ...queue] : flags;
      const missing = given.filter(({ flag, words }) => !command.includes(`${flag} `) && !command.includes(words));
      return beginning + missing.map(({ words }) => `${words} `).join('');
    });
}
