import {
  anything,
  type Class,
  type Component,
  checkOptions,
  checkToken,
  type Env,
  FwkError,
  flag,
  type HealthIndicator,
  type InjectionKey,
  integerIn,
  isLive,
  isLoopback,
  type Live,
  millisecondsIn,
  oneOf,
  optional,
  type Resolver,
  type Rule,
  semanticVersion,
  text,
} from '@fwk/kernel';
import type { Provider } from '../container/container.js';
import { type HealthSource, healthSettings } from '../health/health-settings.js';
import { checkFaultOptions, type FaultOptions } from '../lifecycle/faults.js';
import { type LogLevel, logLevels } from '../logging/log-level.js';
import { type ConfiguredLevels, levelsRule } from '../logging/logger-levels.js';
import {
  destinationRule,
  type LogDestination,
  type LogFormat,
  loggerDefaults,
  samplingRule,
} from '../logging/logger-options.js';
import type { LogSampling } from '../logging/repeated-lines.js';
import { ManagementExposedError } from '../management/access.js';
import { type CheckedTracing, checkTracing, type TracingOptions } from '../tracing/tracing-options.js';
import type { UsageFlush } from '../usage/flush-usage.js';
import { checkUsageOptions, type UsageOptions } from '../usage/usage-options.js';
import { checkProblems, componentProblems, envProblems, providerProblems } from './list-problems.js';
import { checkShutdownOptions, type ShutdownOptions } from './shutdown-options.js';

/** A class that the container shall build, or a key with its provider. */
export type ProviderEntry = Class<unknown> | readonly [key: InjectionKey<unknown>, provider: Provider<unknown>];

/** Options of {@link createApp}. */
export interface AppOptions {
  /** Name of the service: letters, digits, `.`, `_`, `-`; up to 63 characters. */
  readonly name: string;
  /** Semantic version of the service. */
  readonly version: string;
  /** The team that owns it. */
  readonly owner: string;
  /**
   * The commit that it was built from, for `/manage/info`. @defaultValue what the environment says (`GIT_COMMIT`, `COMMIT_SHA`,
   * `SOURCE_COMMIT`, `SOURCE_VERSION`, `CI_COMMIT_SHA`, `GITHUB_SHA`), or `gitHead` of the program's package
   */
  readonly commit?: string;
  /** Components, in the order in which they start. @defaultValue none */
  readonly use?: readonly Component[];
  /** Classes that are built before the application is ready, and providers. @defaultValue none */
  readonly providers?: readonly ProviderEntry[];
  /** Providers that replace others, for tests. @defaultValue none */
  readonly overrides?: readonly ProviderEntry[];
  /**
   * Health checks, beside those of components and of `@HealthCheck`: objects, and classes of such that the container builds.
   * @defaultValue none
   */
  readonly checks?: readonly (HealthIndicator | Class<HealthIndicator>)[];
  /**
   * How often checks run, what they count for, and from where on the process itself is not well; or a live value of that, which
   * is followed; or a function that finds either once the components have started, such as
   * `(resolver) => resolver.get(configToken).get('health')`. @defaultValue those of each setting
   */
  readonly health?: HealthSource | ((resolver: Resolver) => HealthSource);
  /** Parts that replace the environment: a fake clock, seeded randomness. @defaultValue the system's */
  readonly env?: Partial<Env>;
  /**
   * Unique among all instances of all services; a worker of `node:cluster` adds `-w` and its number.
   * @defaultValue name, process id and random digits
   */
  readonly instanceId?: string;
  readonly logging?: LoggingOptions;
  /** How calls are traced, or false for handing traces on and recording none. */
  readonly tracing?: TracingOptions | false;
  /** The management listener, or false for none. */
  readonly management?: ManagementOptions | false;
  readonly shutdown?: Partial<ShutdownOptions>;
  /** How what callers use is counted, and what becomes of what nobody has read when the application stops. */
  readonly usage?: Partial<AppUsageOptions>;
  /** Limit of every single step of starting and stopping, in milliseconds, 1 to 600,000. @defaultValue 10000 */
  readonly stepTimeoutMs?: number;
  /**
   * Whether the process is the application's: SIGTERM, SIGINT and PM2's message `shutdown` stop the application and the process
   * with it, and `faults` are watched. @defaultValue true
   */
  readonly signals?: boolean;
  /** What is done about errors that nobody has caught, where `signals` is true. */
  readonly faults?: Partial<FaultOptions>;
}

/** How an application logs. */
export interface LoggingOptions {
  /** Level of all loggers that `levels` gives none. @defaultValue 'info' */
  readonly level?: LogLevel;
  /**
   * Levels by the names of loggers, `root` for all others; or a live value of them, which is followed without a restart; or a
   * function that finds either once the components have started, such as
   * `(resolver) => resolver.get(configToken).get('logging')`. @defaultValue none
   */
  readonly levels?: LevelsOption | ((resolver: Resolver) => LevelsOption);
  /** `auto`: for people where the standard output is a terminal, else JSON. @defaultValue 'auto' */
  readonly format?: LogFormat;
  /** How lines that come again and again are left out; false writes all. @defaultValue the first 100 equal lines of each second */
  readonly sampling?: Partial<LogSampling> | false;
  /** @defaultValue 'stdout' */
  readonly destination?: LogDestination;
}

/** Levels by the names of loggers; a live value may hold anything, which is checked whenever it changes. */
export type LevelsOption = ConfiguredLevels | Live<unknown>;

/** Where management listens. */
export interface ManagementOptions {
  /** In a worker of `node:cluster`, the first free one from here on. @defaultValue 0, any */
  readonly port?: number;
  /** An address other than loopback needs a token. @defaultValue '127.0.0.1' */
  readonly host?: string;
  /**
   * Asked of every request as a bearer token, at least 16 characters. Without one this machine may look, and changes take
   * the token of a file that is made at the start (`app.managementTokenFile`). @defaultValue none
   */
  readonly token?: string;
}

/** How an application counts usage. */
export interface AppUsageOptions extends Omit<UsageOptions, 'clock'> {
  /** Keeps usage that nobody has acknowledged when the application stops. @defaultValue it is written to the log */
  readonly flush?: UsageFlush | undefined;
}

/** Defaults of {@link AppOptions}. */
export const appDefaults = Object.freeze({
  use: Object.freeze([]),
  providers: Object.freeze([]),
  overrides: Object.freeze([]),
  checks: Object.freeze([]),
  health: Object.freeze({}),
  env: Object.freeze({}),
  stepTimeoutMs: 10_000,
  signals: true,
});

/** Defaults of {@link LoggingOptions}. */
export const loggingDefaults = Object.freeze({
  level: loggerDefaults.level,
  levels: loggerDefaults.levels,
  format: loggerDefaults.format,
  sampling: loggerDefaults.sampling,
  destination: loggerDefaults.destination,
});

/** Defaults of {@link ManagementOptions}. */
export const managementDefaults = Object.freeze({ port: 0, host: '127.0.0.1' });

/** Two components have one name. Code `FWK_CORE_DUPLICATE_COMPONENT`. */
export class DuplicateComponentError extends FwkError {
  constructor(name: string) {
    super(
      'FWK_CORE_DUPLICATE_COMPONENT',
      `two components are named "${name}"; list it once, or give one of them another name`,
      { details: { name } },
    );
  }
}

/** The options with everything filled in. */
export interface CheckedAppOptions
  extends Required<
    Omit<AppOptions, 'instanceId' | 'commit' | 'logging' | 'tracing' | 'management' | 'shutdown' | 'usage' | 'faults'>
  > {
  readonly instanceId: string | undefined;
  readonly commit: string | undefined;
  readonly logging: Required<LoggingOptions>;
  readonly tracing: CheckedTracing | false;
  readonly management: (Required<Omit<ManagementOptions, 'token'>> & Pick<ManagementOptions, 'token'>) | false;
  readonly shutdown: ShutdownOptions;
  readonly usage: AppUsageOptions;
  readonly faults: FaultOptions;
}

const serviceName: Rule = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9][\w.-]{0,62}$/.test(value)
    ? undefined
    : 'letters, digits, ".", "_" and "-", at most 63, a letter or digit first';

const list =
  (kind: string): Rule =>
  (value) =>
    Array.isArray(value) ? undefined : kind;

/**
 * Checks everything before anything is built.
 * @throws OptionsError, {@link DuplicateComponentError}, ManagementExposedError.
 */
export function checkAppOptions(options: AppOptions): CheckedAppOptions {
  const checked = checkOptions<AppOptions>(
    'createApp',
    options,
    appDefaults,
    {
      name: serviceName,
      version: semanticVersion,
      owner: text,
      commit: optional(text),
      use: list('a list of components'),
      providers: list('a list of classes and [key, provider] pairs'),
      overrides: list('a list of classes and [key, provider] pairs'),
      checks: list('a list of health checks, objects or classes'),
      health: anything,
      env: (value) =>
        typeof value === 'object' && value !== null ? undefined : 'an object with parts of an environment',
      instanceId: optional(text),
      logging: anything,
      tracing: anything,
      management: anything,
      shutdown: anything,
      usage: anything,
      faults: anything,
      stepTimeoutMs: millisecondsIn(1, 600_000),
      signals: flag,
    },
    ({ use = [], providers = [], overrides = [], checks = [], env = {} }) => [
      ...componentProblems(use),
      ...providerProblems('providers', providers),
      ...providerProblems('overrides', overrides),
      ...checkProblems(checks),
      ...envProblems(env),
    ],
  );
  const { health } = options;
  // A live one may have no value before the components have started.
  if (typeof health !== 'function' && !isLive(health)) healthSettings(health ?? {});
  const names = new Set<string>();
  for (const { name } of checked.use ?? appDefaults.use) {
    if (names.has(name)) throw new DuplicateComponentError(name);
    names.add(name);
  }
  return {
    ...appDefaults,
    ...checked,
    instanceId: checked.instanceId,
    commit: checked.commit,
    tracing: options.tracing === false ? false : checkTracing(options.tracing),
    management: options.management === false ? false : checkManagement(options.management),
    logging: checkOptions<Required<LoggingOptions>>('createApp logging', options.logging, loggingDefaults, {
      level: oneOf(...logLevels),
      levels: (value) => (typeof value === 'function' ? undefined : levelsRule(value)),
      format: oneOf('auto', 'json', 'pretty'),
      sampling: samplingRule,
      destination: destinationRule,
    }),
    faults: checkFaultOptions(options.faults),
    shutdown: checkShutdownOptions(options.shutdown),
    usage: checkUsage(options.usage),
  };
}

function checkUsage({ flush, ...given }: Partial<AppUsageOptions> = {}): AppUsageOptions {
  checkOptions<Pick<AppUsageOptions, 'flush'>>(
    'createApp usage',
    { ...(flush !== undefined && { flush }) },
    {},
    {
      flush: optional((value) => (typeof value === 'function' ? undefined : 'a function of the unread usage')),
    },
  );
  const { clock: _, ...checked } = checkUsageOptions('createApp usage', given);
  return { ...checked, flush };
}

function checkManagement(options: ManagementOptions | undefined) {
  const checked = checkOptions<ManagementOptions>('createApp management', options, managementDefaults, {
    port: integerIn(0, 65_535),
    host: text,
    token: anything,
  });
  const { host = managementDefaults.host, port = managementDefaults.port, token } = checked;
  checkToken('createApp management', token);
  if (token === undefined && !isLoopback(host)) throw new ManagementExposedError(host);
  return { host, port, ...(token !== undefined && { token }) };
}
