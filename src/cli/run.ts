import { Command, CommanderError, Help } from 'commander';
import { manifest } from '../program.js';
import { addCommands } from './commands/index.js';
import { exitCodes } from './exit-codes.js';
import { addGlobalOptions, normalArguments, type GlobalOptions } from './globals.js';
import { Output } from './output.js';
import { pasteable } from './pasteable.js';
import { Session, type Runner } from './session.js';
import { WIDTH } from './text.js';
import type { Terminal } from './terminal.js';

/** Runs the program with the arguments of its command line. Returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.success;
  const runner: Runner =
    (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const session = new Session(command.optsWithGlobals<GlobalOptions>(), terminal);
      const onWarning = ({ name, message }: Error) => session.output.warn(name, message);
      terminal.on('warning', onWarning);
      try {
        exitCode = (await action(session, ...(given.slice(0, -1) as never))) ?? exitCodes.success;
      } finally {
        terminal.off('warning', onWarning);
        await session.close();
      }
    };
  const usageErrors: string[] = [];
  const program = createProgram(terminal, runner, usageErrors);
  const [first = ''] = args;
  if (first === 'complete' || first === 'completion') {
    const { addCompletion } = await import('./completion.js');
    await addCompletion(program, terminal, args);
  } else
    program.command('completion <shell>').description('print the completion script of zsh, bash, fish or powershell');
  try {
    await program.parseAsync(normalArguments(args), { from: 'user' });
    return exitCode;
  } catch (err) {
    const globals = program.opts<GlobalOptions>();
    const output = new Output(terminal, globals, pasteable(globals));
    if (err instanceof CommanderError) {
      // Commander has written its help already. It has kept its errors.
      const [message, hint = null] = usageErrors;
      if (message !== undefined) output.error({ exitCode: exitCodes.usage, type: null, message, hint, details: null });
      return err.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    }
    const { shownError } = await import('./failures.js');
    const shown = await shownError(err);
    output.error(shown);
    return shown.exitCode;
  }
}

/** Creates the program. Its errors of usage, each with a hint, go to `usageErrors`. */
export function createProgram(terminal: Terminal, runner: Runner, usageErrors: string[] = []): Command {
  const program = new Command('temporal-dms')
    .description('Stops and resumes AWS DMS Serverless replications durably, on Temporal.')
    .usage('[options] <command>')
    .version(manifest().version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureHelp({
      showGlobalOptions: false,
      helpWidth: WIDTH,
      // By default, a description that has less than 40 characters is not broken.
      minWidthToWrap: 20,
      subcommandTerm: (command) => new Help().subcommandTerm(command).replace(' [options]', ''),
    })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: (text) => void usageErrors.push(text.replace(/^error: /, '').trim(), 'See temporal-dms --help.'),
    });
  addGlobalOptions(program);
  addCommands(program, runner);
  program.addHelpText(
    'after',
    '\nA <replication> is an ARN, an identifier, or the last part of an ARN.\nA unique beginning is enough, except for fleets and archive rebuild.\nThe Temporal CLI runs this program, too: temporal dms list.',
  );
  for (const command of program.commands)
    if (command.options.length > 0 || command.commands.length > 0)
      command.addHelpText('after', '\nOptions of the output and the connection: temporal-dms --help');
  return program;
}
