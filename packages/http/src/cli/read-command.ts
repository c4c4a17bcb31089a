/** What was asked for on the command line, checked. */
import { parseArgs } from 'node:util';
import { OptionsError } from '@fwk/kernel';

/** One call of the program. */
export interface Command {
  readonly verb: 'help' | 'diff' | 'describe' | 'openapi' | 'import';
  /** Where the contracts are: `FILE` or `FILE#EXPORT`. */
  readonly places: readonly string[];
  /** Whether parts that cannot be compared are let pass. */
  readonly allowUnknown: boolean;
  readonly json: boolean;
  /** What an imported contract is called, and what stands before its paths, where that is not the document's to say. */
  readonly name: string | undefined;
  readonly prefix: string | undefined;
}

/** How the program is called. */
export const usage = `Compares versions of a contract, writes one as OpenAPI, and makes one of an OpenAPI document.

  fwk-contract diff OLD NEW      what changed, and whom it breaks; 1 when clients of the old contract break at servers of the new
  fwk-contract describe PLACE    the contract as JSON, to be kept beside a release and compared with later ones
  fwk-contract openapi PLACE     the contract as an OpenAPI 3.1 document
  fwk-contract import DOCUMENT   a contract of an OpenAPI 3.0, 3.1 or 3.2 document, as the source of a TypeScript module;
                                 what a contract cannot say is listed on the standard error output

  OLD, NEW, PLACE: a module that exports a contract, MODULE#NAME where it exports several; a file that describe wrote;
                   or a DOCUMENT
  DOCUMENT: a file with JSON or YAML; other files that it refers to are not read, and nothing is fetched

  --allow-unknown  let parts pass whose schemas cannot be compared
  --json           print what diff found as JSON
  --name NAME      name of the imported contract; otherwise the title of the document
  --prefix PATH    what stands before all imported paths; otherwise the path of the first server

It ends with 0 when all is well, 1 when not, 2 when it was called wrongly.
`;

const flags = {
  'allow-unknown': { type: 'boolean' },
  json: { type: 'boolean' },
  name: { type: 'string' },
  prefix: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const taken: Readonly<Record<Command['verb'], number>> = { help: 0, diff: 2, describe: 1, openapi: 1, import: 1 };

/** @throws OptionsError, or what `parseArgs` throws, when the program was called wrongly. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const [given = 'help', ...places] = positionals;
  const verb = values.help ? 'help' : (Object.keys(taken) as Command['verb'][]).find((known) => known === given);
  if (verb === undefined) throw new OptionsError('fwk-contract', [`"${given}" is no command`]);
  if (verb !== 'help' && places.length !== taken[verb]) {
    const wanted = taken[verb] === 1 ? '1 place' : `${taken[verb]} places`;
    throw new OptionsError('fwk-contract', [`${verb} takes ${wanted}, not ${places.length}`]);
  }
  const { 'allow-unknown': allowUnknown = false, json = false, name, prefix } = values;
  return { verb, places, allowUnknown, json, name, prefix };
}
