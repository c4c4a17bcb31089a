/** `npm create @fwk`: makes a new project from flags, and asks in a terminal for what they do not say. */
import { isFwkError, messageOf, printableLines } from '@fwk/kernel';
import { createProject } from '../project/create-project.js';
import { type Answers, ask, type Terminal } from './ask.js';
import { nextSteps } from './next-steps.js';
import { type Command, flags, readCommand, usage } from './read-command.js';
import { takenByNpm } from './taken-by-npm.js';

/**
 * Runs the program.
 * @param version - of the framework's packages that projects use.
 * @param terminal - where it may ask; undefined for nowhere. @defaultValue that of the process, if it has one
 * @returns its exit code: 0 when the project was made, 1 when it could not be, 2 when it was called wrongly, 130 when its user ended it
 */
export async function main(
  args: readonly string[],
  version: string,
  terminal: Terminal | undefined = ownTerminal(),
): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const command = readCommand(args);
    if (command.show !== undefined) {
      process.stdout.write(command.show === 'help' ? usage : `${version}\n`);
      return 0;
    }
    const answers = await complete(command, terminal);
    if (typeof answers === 'number') return answers;
    const { folder, owner } = command;
    const made = await createProject({ ...answers, owner, folder, frameworkVersion: version });
    process.stdout.write(nextSteps(answers.kind, made, process.env.npm_config_user_agent));
    return 0;
  } catch (error) {
    const wrongly =
      isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') ||
      isFwkError(error, 'FWK_CREATE_NAME_INVALID') ||
      isParseError(error);
    process.stderr.write(`${printableLines(messageOf(error))}\n${wrongly ? calledAs() : ''}`);
    return wrongly ? 2 : 1;
  }
}

/** What has to be known, or the exit code when it cannot be. */
async function complete(command: Command, terminal: Terminal | undefined): Promise<Answers | number> {
  const { name } = command;
  const kind = command.kind ?? (command.yes ? 'service' : undefined);
  if (kind !== undefined && name !== undefined) return { kind, name };
  if (terminal && !command.yes) {
    const answers = await ask(command, terminal);
    if (answers) return answers;
    process.stderr.write('Ended; nothing was made.\n');
    return 130;
  }
  const missing = [...(kind === undefined ? ['--kind'] : []), ...(name === undefined ? ['--name'] : [])].join(' and ');
  const why = command.yes ? 'with --yes nothing is asked' : 'there is no terminal to ask in';
  process.stderr.write(`${missing} must be said, since ${why}.\n${calledAs()}`);
  return 2;
}

/** Which flags npm kept from the program, those aside that npm has too, and how it is called. */
function calledAs(): string {
  const own = Object.keys(flags).filter((flag) => !['yes', 'version', 'help'].includes(flag));
  return `${takenByNpm(own, process.env)}\n${usage}`;
}

function ownTerminal(): Terminal | undefined {
  const { stdin: input, stdout: output } = process;
  return input.isTTY && output.isTTY ? { input, output } : undefined;
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
