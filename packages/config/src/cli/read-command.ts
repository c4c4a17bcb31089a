/** What was asked for on the command line, checked. */
import { parseArgs } from 'node:util';
import { millisecondsIn, OptionsError, optional } from '@fwk/kernel';
import type { ConfigOptions } from '../live/options.js';
import { isAddress, readAddress } from './ask-service.js';

/** One call of the program. */
export interface Command {
  readonly verb: 'help' | 'explain' | 'validate' | 'diff' | 'key' | 'encrypt';
  /** What follows the verb. */
  readonly names: readonly string[];
  /** Where settings come from. */
  readonly options: ConfigOptions;
  /** The running service that is asked instead; undefined for files. */
  readonly url: string | undefined;
  readonly tokenFile: string | undefined;
  /** Longest wait for a service. */
  readonly timeoutMs: number;
  /** Whether the section `flags` is checked as feature flags. */
  readonly flags: boolean;
  /** `MODULE` or `MODULE#EXPORT`. */
  readonly schema: string | undefined;
  readonly keyFile: string | undefined;
  readonly json: boolean;
  /** Whether it needs settings and says of no source where they are. */
  readonly lacksSources: boolean;
}

/** How the program is called. */
export const usage = `Explains and checks settings, in files or in a running service.

  fwk-config explain PATH SOURCES    why the setting has its value: who set it, what it overrode, what it refers to
  fwk-config validate SOURCES        whether everything can be read and fits the schema, and the feature flags are sound
  fwk-config diff A B                what differs between two files, directories or services; 1 when something does
  fwk-config key                     make a key for encrypted values
  fwk-config encrypt                 encrypt what stands on standard input, or encrypt it anew with the first key

  SOURCES, each as often as needed, in the order in which a service reads them:
  --file FILE          .yaml, .yml or .json
  --profile NAME       with FILE.NAME.yaml beside each; FWK_SETTINGS_PROFILE
  --directory FOLDER   as Kubernetes mounts them
  --env-file FILE      .env
  --set PATH=VALUE
  --no-environment     without the variables of this process
  Without --file, --directory and --env-file those of the project: the list "fwk-config" in ./package.json, such as
  ["--file", "config.yaml"], to which what is given here is added.
  or a running service, at the address of its management listener:
  --url URL            http://127.0.0.1:9000, or 9000 for a port of this machine; for diff, A or B is such a URL
  --token-file FILE    the token that management asks for; FWK_SETTINGS_TOKEN
  --timeout-ms MS      longest wait for a service (3000) or for reading files and checking them (10000), 1 to 60000

  --schema MODULE      a Standard Schema: the default export of a module, or MODULE#NAME for another
  --no-flags           "flags" is a setting like any other, and holds no feature flags
  --key-file FILE      keys of encrypted values; FWK_SETTINGS_KEY_FILE, FWK_SETTINGS_KEY
  --json               print JSON

Secrets are masked. It ends with 0 when all is well, 1 when not, 2 when it was called wrongly, 3 when a service could not
be asked.
`;

/** Longest wait for a service, in milliseconds, unless the caller says otherwise. */
const serviceTimeoutMs = 3000;

const flags = {
  file: { type: 'string', multiple: true },
  profile: { type: 'string', multiple: true },
  directory: { type: 'string', multiple: true },
  'env-file': { type: 'string', multiple: true },
  set: { type: 'string', multiple: true },
  'no-environment': { type: 'boolean' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  'timeout-ms': { type: 'string' },
  'no-flags': { type: 'boolean' },
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
  const timeoutMs = values['timeout-ms'] === undefined ? undefined : Number(values['timeout-ms']);
  const wait = optional(millisecondsIn(1, 60_000))(timeoutMs);
  if (wait) throw new OptionsError('fwk-config', [`--timeout-ms must be ${wait}`]);
  const { url } = values;
  const ofFiles = (['file', 'profile', 'directory', 'env-file', 'set', 'no-environment', 'schema'] as const).filter(
    (name) => values[name] !== undefined,
  );
  if (url !== undefined && verb !== 'explain' && verb !== 'validate') {
    throw new OptionsError('fwk-config', [
      verb === 'diff' ? 'write the URL in the place of A or B' : `${verb} takes no --url`,
    ]);
  }
  if (verb === 'diff' && ofFiles.length > 0) {
    throw new OptionsError('fwk-config', [`diff compares A with B alone, and takes no --${ofFiles.join(', --')}`]);
  }
  if (url !== undefined && ofFiles.length > 0) {
    throw new OptionsError('fwk-config', [`--url asks a running service, which has its own --${ofFiles.join(', --')}`]);
  }
  const needsSources = (verb === 'explain' || verb === 'validate') && url === undefined;
  return {
    verb,
    lacksSources: needsSources && !values.file && !values.directory && !values['env-file'],
    names: verb === 'diff' ? names.map((name) => (isAddress(name) ? readAddress(name) : name)) : names,
    url: url === undefined ? undefined : readAddress(url),
    tokenFile: values['token-file'],
    timeoutMs: timeoutMs ?? serviceTimeoutMs,
    flags: !values['no-flags'],
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
      ...(timeoutMs !== undefined && { loadTimeoutMs: timeoutMs }),
    },
  };
}
