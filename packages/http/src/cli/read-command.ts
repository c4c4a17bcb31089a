/** What was asked for on the command line, checked. */
import { parseArgs } from 'node:util';
import { OptionsError } from '@fwk/kernel';

/** One call of the program. */
export interface Command {
  readonly verb: 'help' | 'diff' | 'describe' | 'openapi';
  /** Where the contracts are: `FILE` or `FILE#EXPORT`. */
  readonly places: readonly string[];
  /** Whether parts that cannot be compared are let pass. */
  readonly allowUnknown: boolean;
  readonly json: boolean;
}

/** How the program is called. */
export const usage = `Compares versions of a contract, and writes one as OpenAPI.

  fwk-contract diff OLD NEW      what changed, and whom it breaks; 1 when clients of the old contract break at servers of the new
  fwk-contract describe PLACE    the contract as JSON, to be kept beside a release and compared with later ones
  fwk-contract openapi PLACE     the contract as an OpenAPI 3.1 document

  OLD, NEW, PLACE: a module that exports a contract, MODULE#NAME where it exports several; or a file that describe wrote

  --allow-unknown  let parts pass whose schemas cannot be compared
  --json           print what diff found as JSON

It ends with 0 when all is well, 1 when not, 2 when it was called wrongly.
`;

const flags = {
  'allow-unknown': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const taken: Readonly<Record<Command['verb'], number>> = { help: 0, diff: 2, describe: 1, openapi: 1 };

/** @throws OptionsError, or what `parseArgs` throws, when the program was called wrongly. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const [given = 'help', ...places] = positionals;
  const verb = values.help ? 'help' : (Object.keys(taken) as Command['verb'][]).find((known) => known === given);
  if (verb === undefined) throw new OptionsError('fwk-contract', [`"${given}" is no command`]);
  if (verb !== 'help' && places.length !== taken[verb]) {
    throw new OptionsError('fwk-contract', [`${verb} takes ${taken[verb]} places, not ${places.length}`]);
  }
  return { verb, places, allowUnknown: values['allow-unknown'] ?? false, json: values.json ?? false };
}
