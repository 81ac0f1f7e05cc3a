import { Command, CommanderError } from 'commander';
import { manifest } from '../program.js';
import { addCommands } from './commands/index.js';
import { exitCodes } from './exit-codes.js';
import { addGlobalOptions, type GlobalOptions } from './globals.js';
import { Output } from './output.js';
import { Session, type Runner } from './session.js';
import type { Terminal } from './terminal.js';

/** Runs the program with the arguments of its command line. Returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.success;
  const runner: Runner =
    (action) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const session = new Session(command.optsWithGlobals<GlobalOptions>(), terminal);
      try {
        exitCode = (await action(session, ...(given.slice(0, -1) as never))) ?? exitCodes.success;
      } finally {
        await session.close();
      }
    };
  const program = createProgram(terminal, runner);
  const [first = ''] = args;
  if (first === 'complete' || first === 'completion') {
    const { addCompletion } = await import('./completion.js');
    await addCompletion(program, terminal, args);
  } else
    program.command('completion <shell>').description('print the completion script of zsh, bash, fish or powershell');
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (err) {
    // Commander has written its own errors and its help already.
    if (err instanceof CommanderError) return err.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    const { shownError } = await import('./failures.js');
    const shown = shownError(err);
    new Output(terminal, program.opts<GlobalOptions>()).error(shown);
    return shown.exitCode;
  }
}

export function createProgram(terminal: Terminal, runner: Runner): Command {
  const program = new Command('temporal-dms')
    .description('Stops and resumes AWS DMS Serverless replications durably, on Temporal.')
    .usage('[options] <command>')
    .version(manifest().version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('See temporal-dms --help.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: (text, write) => write(`temporal-dms: ${text.replace(/^error: /, '')}`),
    });
  addGlobalOptions(program);
  addCommands(program, runner);
  program.addHelpText(
    'after',
    '\nA <replication> is an ARN, its last part, or a unique beginning of that. The Temporal CLI\nruns this program, too: temporal dms list.',
  );
  return program;
}
