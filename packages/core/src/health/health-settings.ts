/**
 * What an operator sets of health, in code or in configuration: how often checks run and how long they may take, what counts
 * for what, and from where on the process itself is not well. All of it may change while the application runs.
 */
import {
  anything,
  checkOptions,
  GuardedLive,
  type HealthIndicator,
  isLive,
  type Live,
  liveValue,
  messageOf,
  nearestName,
  OptionsError,
  type Rule,
  showValue,
  text,
  unknownName,
} from '@fwk/kernel';
import { healthRules } from './health-rules.js';

/** What is set for one check; it goes over what its code says. */
export interface CheckSettings {
  /** Whether it runs and is shown. @defaultValue true */
  readonly enabled?: boolean;
  /** Time between runs, in milliseconds, 1 to 86,400,000. @defaultValue what its code says */
  readonly intervalMs?: number;
  /** Time after which a run counts as DOWN, in milliseconds, 1 to 600,000. @defaultValue what its code says */
  readonly timeoutMs?: number;
  /** Whether the application can do without what is checked. @defaultValue what its code says */
  readonly optional?: boolean;
  /** The groups that it counts for. @defaultValue what its code says */
  readonly groups?: readonly string[];
}

/** From where on the event loop counts as DEGRADED; measured since the run before. */
export interface EventLoopSettings {
  /** How late timers run at the 99th percentile, in milliseconds, 1 to 60,000. @defaultValue 200 */
  readonly lagMs: number;
  /** The share of time in which the loop was busy, 0 to 1. @defaultValue 0.98 */
  readonly utilization: number;
}

/** From where on memory counts as DEGRADED. */
export interface MemorySettings {
  /** The share of the heap's limit, and of the limit of the container, that is in use; 0 to 1. @defaultValue 0.92 */
  readonly ratio: number;
}

/** From where on a disk counts as DEGRADED. */
export interface DiskSettings {
  /** A folder on it, seen from the working directory of the process. @defaultValue '.' */
  readonly path: string;
  /** Free bytes that the process may use, at least. @defaultValue 52428800, 50 MiB */
  readonly freeBytes: number;
}

/**
 * When the instance asks to be spared: readiness turns to 503 while one of the figures is above its limit, and comes back when
 * all are clearly below. All instances of a service see much the same load, so set limits that only one in trouble passes.
 */
export interface OverloadSettings {
  /** How late timers run at the 99th percentile, in milliseconds, 1 to 60,000. @defaultValue not looked at */
  readonly lagMs?: number | undefined;
  /** The share of time in which the event loop is busy, 0 to 1. @defaultValue not looked at */
  readonly utilization?: number | undefined;
  /** Calls in flight, at least 1. @defaultValue not looked at */
  readonly inFlight?: number | undefined;
  /** How long a figure must be above its limit without a break, in milliseconds, 0 to 600,000. @defaultValue 3000 */
  readonly afterMs: number;
  /** How long all must be below, in milliseconds, 0 to 600,000. @defaultValue 5000 */
  readonly backAfterMs: number;
  /** How far below: a share of each limit, 0 to 1. @defaultValue 0.8 */
  readonly backBelow: number;
}

/** Settings of an application's health. */
export interface HealthSettings {
  /** Time between runs of checks that have none of their own, in milliseconds, 1 to 86,400,000. @defaultValue 5000 */
  readonly intervalMs: number;
  /** Time after which a run counts as DOWN, the same way, in milliseconds, 1 to 600,000. @defaultValue 1000 */
  readonly timeoutMs: number;
  /** Share of the interval by which a pause may be shorter, by chance, so that instances do not ask all at once. @defaultValue 0.1 */
  readonly jitter: number;
  /** Single checks, by name. @defaultValue none */
  readonly checks: Readonly<Record<string, CheckSettings>>;
  readonly eventLoop: EventLoopSettings;
  readonly memory: MemorySettings;
  readonly disk: DiskSettings;
  /** @defaultValue undefined: load never changes readiness */
  readonly overload: OverloadSettings | undefined;
}

/** What may be given for {@link HealthSettings}: parts of it. */
export interface HealthOptions extends Partial<Omit<HealthSettings, 'eventLoop' | 'memory' | 'disk' | 'overload'>> {
  readonly eventLoop?: Partial<EventLoopSettings>;
  readonly memory?: Partial<MemorySettings>;
  readonly disk?: Partial<DiskSettings>;
  readonly overload?: Partial<OverloadSettings>;
}

/** Settings, or a live value of them, which is followed; it may hold undefined, which means the defaults. */
export type HealthSource = HealthOptions | Live<unknown>;

/** Defaults of a health check, in milliseconds. */
export const checkDefaults = Object.freeze({ timeoutMs: 1000, intervalMs: 5000 });

/** Defaults of {@link HealthSettings}. */
export const healthDefaults = Object.freeze({
  ...checkDefaults,
  jitter: 0.1,
  checks: Object.freeze({}),
  eventLoop: Object.freeze({ lagMs: 200, utilization: 0.98 }),
  memory: Object.freeze({ ratio: 0.92 }),
  disk: Object.freeze({ path: '.', freeBytes: 50 * 1024 * 1024 }),
  overload: undefined,
}) satisfies HealthSettings;

/** Defaults of {@link OverloadSettings}. */
export const overloadDefaults = Object.freeze({
  afterMs: 3000,
  backAfterMs: 5000,
  backBelow: 0.8,
}) satisfies OverloadSettings;

/** @throws OptionsError with all problems of an indicator. */
export function checkIndicator(indicator: HealthIndicator): void {
  const { name, groups, optional: isOptional, timeoutMs, intervalMs, changes } = indicator;
  const shown = typeof name === 'string' ? `"${name.slice(0, 60)}"` : 'without a name';
  checkOptions<Omit<HealthIndicator, 'check' | 'changes'>>(
    `health check ${shown}`,
    { name, ...defined({ groups, optional: isOptional, timeoutMs, intervalMs }) },
    {},
    {
      name: (value) =>
        typeof value === 'string' && value.length <= 100 ? text(value) : 'a text of at most 100 characters',
      groups: healthRules.check.groups,
      optional: healthRules.check.optional,
      timeoutMs: healthRules.check.timeoutMs,
      intervalMs: healthRules.check.intervalMs,
    },
  );
  if (typeof indicator.check !== 'function')
    throw new OptionsError(`health check ${shown}`, ['check must be a function']);
  if (changes !== undefined && !isLive(changes))
    throw new OptionsError(`health check ${shown}`, [`changes must be a live value, not ${showValue(changes)}`]);
  // It may be an object of the user's own class, so that only a name which is nearly ours is taken for misspelt.
  const misspelt = Object.keys(indicator).find(
    (field) => !indicatorFields.includes(field) && nearestName(field, indicatorFields) !== undefined,
  );
  if (misspelt !== undefined)
    throw new OptionsError(`health check ${shown}`, [unknownName('unknown option', misspelt, indicatorFields)]);
}

const indicatorFields: readonly string[] = [
  'name',
  'check',
  'groups',
  'optional',
  'timeoutMs',
  'intervalMs',
  'changes',
];

/**
 * Fills in what is not given.
 * @throws OptionsError with all problems.
 */
export function checkHealthSettings(given: unknown): HealthSettings {
  const whole = checkOptions<HealthSettings>(
    'health',
    (given ?? undefined) as Partial<HealthSettings>,
    healthDefaults,
    {
      ...healthRules.whole,
      ...{ checks: anything, eventLoop: anything, memory: anything, disk: anything, overload: anything },
    },
  );
  const { eventLoop, memory, disk, overload } = healthRules;
  return {
    ...whole,
    checks: checksOf(whole.checks),
    eventLoop: checkOptions<EventLoopSettings>(
      'health eventLoop',
      whole.eventLoop,
      healthDefaults.eventLoop,
      eventLoop,
    ),
    memory: checkOptions<MemorySettings>('health memory', whole.memory, healthDefaults.memory, memory),
    disk: checkOptions<DiskSettings>('health disk', whole.disk, healthDefaults.disk, disk),
    overload:
      whole.overload === undefined
        ? undefined
        : checkOptions<OverloadSettings>('health overload', whole.overload, overloadDefaults, overload),
  };
}

/** @throws OptionsError */
function checksOf(given: unknown): HealthSettings['checks'] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OptionsError('health', ['checks must be an object: settings by the name of a check']);
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, settings]) => [
      name,
      checkOptions<CheckSettings>(`health checks.${name}`, settings as Partial<CheckSettings>, {}, healthRules.check),
    ]),
  );
}

const settingsRule: Rule = (value) => {
  try {
    checkHealthSettings(value);
    return undefined;
  } catch (error) {
    return `right settings of health (${messageOf(error)})`;
  }
};

/**
 * The settings as they are in force: a later value with a mistake is refused as a whole, which is reported, and the last right
 * one stays.
 * @throws OptionsError when what is there now is refused.
 */
export function healthSettings(source: HealthSource): GuardedSettings {
  const live = isLive(source) ? source : liveValue<unknown>(source);
  checkHealthSettings(live.value);
  const guarded = new GuardedLive(live, settingsRule, 'createApp: health');
  return { guarded, settings: guarded.map(checkHealthSettings) };
}

/** Settings, and the guard that reports what it refuses. */
export interface GuardedSettings {
  readonly guarded: GuardedLive<unknown>;
  readonly settings: Live<HealthSettings>;
}

/** Without members that are undefined, as the exact types of options want it. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
