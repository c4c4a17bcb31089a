import { type ErrorTable, FwkError, isFwkError, messageOf } from '@fwk/kernel';
import { formatOrigin, type Origin } from './tree/origin.js';

/** The codes of this package, for docs/errors.md and the problem documents on the wire. */
export const configErrors = Object.freeze({
  FWK_CONFIG_FILE_MISSING: {
    summary: 'A configuration file does not exist. Create it, correct the path, or list it as optional.',
    status: 500,
  },
  FWK_CONFIG_FILE_UNREADABLE: {
    summary: 'A configuration file exists but cannot be read. Correct its permissions or its links.',
    status: 500,
  },
  FWK_CONFIG_FILE_NOT_REGULAR: {
    summary: 'A configuration path names a directory, pipe or device. Name a file.',
    status: 500,
  },
  FWK_CONFIG_FILE_TOO_LARGE: {
    summary: 'A configuration file is above the limit of 1 MiB or of its number of parts. Move bulk data elsewhere.',
    status: 500,
  },
  FWK_CONFIG_FILE_EMPTY: {
    summary: 'A configuration file holds no value, as a half-done write does. Write {} when nothing is meant.',
    status: 500,
  },
  FWK_CONFIG_FILE_ENCODING: {
    summary: 'A configuration file is not UTF-8. Save it as UTF-8.',
    status: 500,
  },
  FWK_CONFIG_FILE_FORMAT: {
    summary: 'The name of a configuration file ends in nothing known. Use .yaml, .yml or .json.',
    status: 500,
  },
  FWK_CONFIG_SYNTAX: {
    summary: 'A configuration file is not well-formed; the message names file, line and column.',
    status: 500,
  },
  FWK_CONFIG_ROOT_INVALID: {
    summary: 'A source holds a list or a single value where an object of settings is needed.',
    status: 500,
  },
  FWK_CONFIG_KEY_REFUSED: {
    summary: 'A key is empty, or such as __proto__ and constructor could change how objects work. Choose another name.',
    status: 500,
  },
  FWK_CONFIG_TOO_DEEP: {
    summary: 'Settings are nested more than 32 levels deep, or refer to themselves. Flatten them.',
    status: 500,
  },
  FWK_CONFIG_ALIAS_REFUSED: {
    summary: 'A YAML alias is unknown, refers to what contains it, or multiplies the file. Write the value out.',
    status: 500,
  },
  FWK_CONFIG_NAME_CONFLICT: {
    summary:
      'Two variables, files, arguments or keys set the same setting, or one sets a part of what the other sets whole.',
    status: 500,
  },
  FWK_CONFIG_SOURCE_UNREACHABLE: {
    summary:
      'A remote source of configuration does not answer. Check its address and the network; what it said last stays.',
    status: 500,
  },
  FWK_CONFIG_SOURCE_DENIED: {
    summary:
      'A remote source of configuration refuses the token. Give it the rights that the message names; what it said last stays.',
    status: 500,
  },
  FWK_CONFIG_KEY_MISSING: {
    summary:
      'The key or folder of a store that settings are read from does not exist. Write it, or make the source optional.',
    status: 500,
  },
  FWK_CONFIG_SOURCE_FORMAT: {
    summary: 'A source answers something else than a document of settings, such as a page of HTML. Check its address.',
    status: 500,
  },
  FWK_CONFIG_SOURCE_FAILED: {
    summary: 'A source of configuration failed in a way of its own; the cause says how.',
    status: 500,
  },
  FWK_CONFIG_INVALID: {
    summary: 'The settings do not fit the schema; the message names each setting, its problem and where it was set.',
    status: 500,
  },
  FWK_CONFIG_SCHEMA_FAILED: {
    summary: 'The schema threw instead of answering with issues. Correct the schema.',
    status: 500,
  },
  FWK_CONFIG_SETTINGS_ASYNC: {
    summary: 'The schema of settings() answers asynchronously. Make it synchronous, or check it in the whole schema.',
    status: 500,
  },
  FWK_CONFIG_LOAD_TIMEOUT: {
    summary: 'Reading and checking the configuration took longer than loadTimeoutMs. Find the slow source or schema.',
    status: 500,
  },
  FWK_CONFIG_NOT_LOADED: {
    summary: 'Configuration was read before it was loaded. List config() first in `use`.',
    status: 500,
  },
  FWK_CONFIG_PATH_INVALID: {
    summary: 'A path of a setting is empty or has an empty part. Write names with dots between: checkout.maxItems.',
    status: 400,
  },
  FWK_CONFIG_KEY_INVALID: {
    summary: 'The keys of encrypted values cannot be read, or there is none. Make one with "fwk-config key".',
    status: 500,
  },
  FWK_CONFIG_OVERRIDE_REFUSED: {
    summary: 'A setting cannot be overridden so; the message says what does not fit. Nothing was changed.',
    status: 400,
  },
  FWK_CONFIG_DECORATOR_MISPLACED: {
    summary:
      '@Setting stands on no getter, or @Flag on no getter or method. Write: @Setting("path") get name() { return fallback; }.',
    status: 500,
  },
  FWK_CONFIG_SERVICE_UNREACHABLE: {
    summary:
      'fwk-config could not ask a running service for its settings; the message says what answered, or that nothing did.',
    status: 502,
  },
  FWK_CONFIG_FLAG_UNKNOWN: {
    summary: 'An explanation was asked for a flag that is not defined. Look at /manage/flags for those that are.',
    status: 404,
  },
}) satisfies ErrorTable;

/** Code of an error of this package. */
export type ConfigErrorCode = keyof typeof configErrors;

/** Whether an error says that a source has nothing to say now, since it is not there. */
export function isAbsence(error: unknown): error is ConfigError {
  return (
    isFwkError(error, 'FWK_CONFIG_SOURCE_UNREACHABLE') ||
    isFwkError(error, 'FWK_CONFIG_FILE_MISSING') ||
    isFwkError(error, 'FWK_CONFIG_KEY_MISSING')
  );
}

/** Whether a source has nothing to say now, which is no word against what it said last. */
export function saysNothing(error: unknown): error is ConfigError {
  return isAbsence(error) || isFwkError(error, 'FWK_CONFIG_SOURCE_DENIED');
}

/** Facts that go with a {@link ConfigError}. */
export interface ConfigErrorOptions {
  readonly origin?: Origin;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What went wrong beside it; the message tells all. */
  readonly others?: readonly Error[];
}

/** Configuration could not be read or used. The message starts with where: `config.yaml:3:5: ...`. */
export class ConfigError extends FwkError {
  declare readonly code: ConfigErrorCode;
  /** What management answers. */
  readonly status: number;
  /** Where the problem stands; undefined when it stands in no source. */
  readonly origin: Origin | undefined;

  constructor(code: ConfigErrorCode, message: string, options: ConfigErrorOptions = {}) {
    const { origin, cause, details, others = [] } = options;
    const own = origin ? `${formatOrigin(origin)}: ${message}` : message;
    super(code, [own, ...others.map(messageOf)].join('; '), {
      cause,
      details: { ...(origin ? { ...origin } : {}), ...details },
    });
    this.status = configErrors[code].status;
    this.origin = origin;
  }
}

/** One thing that a schema found wrong. */
export interface ConfigIssue {
  /** Path of the setting; empty for the whole. */
  readonly path: string;
  /** What the schema said, secrets masked. */
  readonly message: string;
  /** Where the offending value was set; undefined when no source set it. */
  readonly origin: Origin | undefined;
}

const issuesInMessage = 5;
/** Most issues that are told of one reading: each is masked and located, which a file with a hundred thousand of them would make long. */
export const maxIssues = 100;

/** The settings do not fit their schema. Code `FWK_CONFIG_INVALID`. */
export class ConfigInvalidError extends ConfigError {
  /** The first 100 of them. */
  readonly issues: readonly ConfigIssue[];
  /** How many there are in all. */
  readonly total: number;

  /**
   * @param what - what was checked: `configuration`, `settings "checkout"`.
   * @param total - how many issues there are. @defaultValue as many as are given
   */
  constructor(what: string, issues: readonly ConfigIssue[], total: number = issues.length) {
    const told = issues.slice(0, maxIssues);
    const lines = told.slice(0, issuesInMessage).map(issueLine);
    if (total > lines.length) lines.push(`and ${total - lines.length} more`);
    super('FWK_CONFIG_INVALID', `${what} is invalid: ${lines.join('; ')}`, {
      details: { issues: told.map((issue) => ({ ...issue, origin: issue.origin && formatOrigin(issue.origin) })) },
    });
    this.issues = told;
    this.total = total;
  }
}

/** One issue in words: `checkout.maxItems: must be above 0 (config.yaml:3:13)`. */
function issueLine({ path, message, origin }: ConfigIssue): string {
  // What is wrong with all of it stands at no one place.
  if (path === '') return `(whole): ${message}`;
  return `${path}: ${message} (${origin ? formatOrigin(origin) : 'set by no source'})`;
}
