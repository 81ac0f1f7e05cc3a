/** Completion for shells. The script of a shell calls `temporal-dms complete -- <words>` for each TAB. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { GlobalOptions } from './globals.js';
import { Session } from './session.js';
import { shortName } from './text.js';
import type { Terminal } from './terminal.js';

/** Longest time for which a TAB waits for the names of replications. */
const NAMES_MS = 3000;

/** Function of the package bash-completion that the script of bash needs, for shells without that package. */
const BASH_WITHOUT_PACKAGE = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
  }
fi
`;

/** Adds the commands `completion <shell>` and `complete`, and reads the names of replications if a word may be one. */
export async function addCompletion(program: Command, terminal: Terminal, args: readonly string[]): Promise<void> {
  const root = tab(program, { completionCommandName: 'completion' });
  if (args[0] === 'completion' && args[1] === 'bash') terminal.stdout.write(BASH_WITHOUT_PACKAGE);
  const words = args.slice(2).filter((word) => !word.startsWith('-'));
  // The longest name counts: `fleet stop`, not `fleet`.
  const command = [...root.commands.values()]
    .filter(({ value }) => value !== '' && `${words.join(' ')} `.startsWith(`${value} `))
    .toSorted((one, other) => one.value.length - other.value.length)
    .at(-1);
  const argument = command?.arguments.get('replication');
  if (argument === undefined) return;
  const names = await replicationNames(program, terminal);
  argument.handler = (complete) => {
    for (const [name, state] of names) complete(name, state);
  };
}

/** Returns the names and the states of replications that are read in time. Empty if no server answers. */
async function replicationNames(program: Command, terminal: Terminal): Promise<readonly (readonly [string, string])[]> {
  const session = new Session(program.opts<GlobalOptions>(), terminal);
  const found: (readonly [string, string])[] = [];
  const late = new Promise<void>((resolve) => setTimeout(resolve, NAMES_MS).unref());
  const names = async () => {
    for await (const each of (await session.replications()).list())
      found.push([each.identifier ?? shortName(each.replicationConfigArn), each.state]);
  };
  // A message of an error would be written into the line that is typed.
  await Promise.race([names().catch(() => undefined), late]);
  // A connection that never comes about must not keep the shell waiting.
  void session.close();
  return [...found];
}
