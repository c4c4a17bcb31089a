/** What was asked for on the command line, checked. */
import { parseArgs } from 'node:util';
import { OptionsError } from '@fwk/kernel';
import type { ConfigOptions } from '../live/options.js';

/** One call of the program. */
export interface Command {
  readonly verb: 'help' | 'explain' | 'validate' | 'diff' | 'key' | 'encrypt';
  /** What follows the verb. */
  readonly names: readonly string[];
  /** Where settings come from. */
  readonly options: ConfigOptions;
  /** `MODULE` or `MODULE#EXPORT`. */
  readonly schema: string | undefined;
  readonly keyFile: string | undefined;
  readonly json: boolean;
}

/** How the program is called. */
export const usage = `Explains and checks settings in files, without a running service.

  fwk-config explain PATH SOURCES    why the setting has its value: who set it, what it overrode, what it refers to
  fwk-config validate SOURCES        whether everything can be read and fits the schema
  fwk-config diff A B                what differs between two files or directories; 1 when something does
  fwk-config key                     make a key for encrypted values
  fwk-config encrypt                 encrypt what stands on standard input, or encrypt it anew with the first key

  SOURCES, each as often as needed, in the order in which a service reads them:
  --file FILE          .yaml, .yml or .json
  --profile NAME       with FILE.NAME.yaml beside each; FWK_SETTINGS_PROFILE
  --directory FOLDER   as Kubernetes mounts them
  --env-file FILE      .env
  --set PATH=VALUE
  --no-environment     without the variables of this process

  --schema MODULE      a Standard Schema: the default export of a module, or MODULE#NAME for another
  --key-file FILE      keys of encrypted values; FWK_SETTINGS_KEY_FILE, FWK_SETTINGS_KEY
  --json               print JSON

Secrets are masked. It ends with 0 when all is well, 1 when not, 2 when it was called wrongly.
`;

const flags = {
  file: { type: 'string', multiple: true },
  profile: { type: 'string', multiple: true },
  directory: { type: 'string', multiple: true },
  'env-file': { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  'no-environment': { type: 'boolean' },
  schema: { type: 'string' },
  'key-file': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const taken: Readonly<Record<Command['verb'], number>> = {
  help: 0,
  explain: 1,
  validate: 0,
  diff: 2,
  key: 0,
  encrypt: 0,
};

/** @throws OptionsError, or what `parseArgs` throws, when the program was called wrongly. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const [given = 'help', ...names] = positionals;
  const verb = values.help ? 'help' : (Object.keys(taken) as Command['verb'][]).find((known) => known === given);
  if (verb === undefined) throw new OptionsError('fwk-config', [`"${given}" is no command`]);
  if (verb !== 'help' && names.length !== taken[verb]) {
    throw new OptionsError('fwk-config', [`${verb} takes ${taken[verb]} arguments, not ${names.length}`]);
  }
  const keyFile = values['key-file'];
  return {
    verb,
    names,
    schema: values.schema,
    keyFile,
    json: values.json ?? false,
    options: {
      files: values.file ?? [],
      ...(values.profile && { profiles: values.profile }),
      directories: values.directory ?? [],
      envFiles: values['env-file'] ?? [],
      arguments: (values.set ?? []).map((setting) => `--set=${setting}`),
      ...(values['no-environment'] && { environment: false }),
      keyFile,
      watch: false,
    },
  };
}
