/** `fwk-config`: explains and checks settings in files and in running services, and encrypts values. */
import { isFwkError, messageOf, printableLines } from '@fwk/kernel';
import { ConfigError, ConfigInvalidError } from '../errors.js';
import { formatOrigin } from '../tree/origin.js';
import { answer } from './answer.js';
import { projectArguments } from './project-arguments.js';
import { readCommand, usage } from './read-command.js';

/** Where it prints. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** On the streams of the process, also when nobody reads them to the end. */
function printing(): Output {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { out: (text) => void process.stdout.write(text), err: (text) => void process.stderr.write(text) };
}

/**
 * Runs the program.
 * @returns its exit code: 0 when all is well, 1 when not, 2 when it was called wrongly, 3 when a service could not be asked.
 */
export async function main(args: readonly string[], { out, err }: Output = printing()): Promise<number> {
  let json = false;
  try {
    let command = readCommand(args);
    ({ json } = command);
    // What is given comes last, and wins where only one can be.
    if (command.lacksSources) command = readCommand([...(await projectArguments()), ...args]);
    const { lines, value, code, notes = [] } = await answer(command);
    out(json ? `${JSON.stringify(value)}\n` : linesOf(lines));
    if (!json) err(linesOf(notes));
    return code;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || isParseError(error);
    err(`${printableLines(messageLines(error))}\n${wrongly ? `\n${usage}` : ''}`);
    if (json) out(`${JSON.stringify({ error: factsOf(error) })}\n`);
    if (isFwkError(error, 'FWK_CONFIG_SERVICE_UNREACHABLE')) return 3;
    return wrongly ? 2 : 1;
  }
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** A message names a few issues; here is room for more, one a line, each with its place at the start as compilers have it. */
function messageLines(error: unknown): string {
  if (!(error instanceof ConfigInvalidError)) return messageOf(error);
  const lines = error.issues.map(({ path, message, origin }) => {
    if (path === '') return `(whole): ${message}`;
    return `${origin ? formatOrigin(origin) : 'set by no source'}: ${path}: ${message}`;
  });
  const left = error.total - lines.length;
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('\n');
}

function factsOf(error: unknown): object {
  const code = isFwkError(error) ? error.code : undefined;
  const where = error instanceof ConfigError && error.origin ? formatOrigin(error.origin) : undefined;
  const { issues, total } = error instanceof ConfigInvalidError ? error : { issues: [], total: 0 };
  const told = issues.map(({ path, message, origin }) => ({ path, message, where: origin && formatOrigin(origin) }));
  return { code, message: messageOf(error), where, issues: told, total };
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
