/** What was asked for on the command line, checked. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OptionsError } from '@fwk/kernel';
import { type ProjectKind, projectKinds } from '../project/create-project.js';

/** One call of the program; what was not said is undefined. */
export interface Command {
  readonly show: 'help' | 'version' | undefined;
  readonly kind: ProjectKind | undefined;
  readonly name: string | undefined;
  readonly folder: string | undefined;
  readonly owner: string | undefined;
  /** Whether what was not said is taken as usual, and nothing is asked. */
  readonly yes: boolean;
}

const kinds = Object.entries(projectKinds).map(([kind, means]) => `${kind.padEnd(10)} ${means}`);

/** How the program is called. */
export const usage = `Makes a new project with @fwk.

  npm create @fwk                                            asks what it has to know
  npm create @fwk -- FOLDER --kind KIND                      asks the rest
  npm create --yes @fwk -- --kind service --name orders      asks nothing, nor does npm

  --kind    ${kinds.join('\n            ')}
  --name    lower-case words joined by "-": order-desk, @acme/order-desk   (usual: the name of the folder)
  --dir     the folder, the same as FOLDER; it must be empty or not there  (usual: the name)
  --owner   the team that owns it                                          (usual: team- and the name)
  --yes     takes the usual for what is not said: --kind service
  --version, --help

It ends with 0 when the project was made, 1 when it could not be, 2 when it was called wrongly, 130 when you ended it.
`;

/** All flags. */
export const flags = {
  kind: { type: 'string' },
  name: { type: 'string' },
  dir: { type: 'string' },
  owner: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws OptionsError, or what `parseArgs` throws, when the program was called wrongly. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const [first, ...others] = positionals;
  if (others.length > 0) throw wrong(`one folder can be made at a time, not also ${others.join(', ')}`);
  if (first !== undefined && values.dir !== undefined && resolve(first) !== resolve(values.dir)) {
    throw wrong(`the folder is ${first} or ${values.dir}; say one of them`);
  }
  for (const name of ['name', 'dir', 'owner'] as const) if (values[name] === '') throw wrong(`--${name} is empty`);
  const folder = first ?? values.dir;
  return {
    show: values.help ? 'help' : values.version ? 'version' : undefined,
    kind: kindOf(values.kind),
    name: values.name ?? (folder === undefined ? undefined : basename(resolve(folder))),
    folder,
    owner: values.owner,
    yes: values.yes ?? false,
  };
}

function kindOf(given: string | undefined): ProjectKind | undefined {
  if (given === undefined) return undefined;
  if (Object.hasOwn(projectKinds, given)) return given as ProjectKind;
  throw wrong(`"${given}" is no kind; there are ${Object.keys(projectKinds).join(', ')}`);
}

function wrong(problem: string): OptionsError {
  return new OptionsError('create', [problem]);
}
