/**
 * Settings by which operators tune a running component, such as `logging.levels`. A package lists its own in one table
 * (`coreTunables`), from which its component follows them and docs/tunables.md is made. How a setting gets here is not the
 * component's concern: it finds the settings of its application by {@link settingsToken}, which `config()` provides.
 */
import { type Resolver, type Token, token } from '../component/token.js';
import { noteFollower } from '../live/followers.js';
import type { Live } from '../live/live.js';
import { liveValue } from '../live/live-source.js';
import { checkOptions, refusing } from '../options/check-options.js';
import type { Rule } from '../options/rules.js';
import { reportRefusals } from '../service/report-refusals.js';
import type { Env } from '../service/service.js';

/** One such setting. */
export interface Tunable<T> {
  /** Where it stands in the configuration: `logging.levels`. A part `NAME` stands for a name that is given when it is followed. */
  readonly path: string;
  /** In force while nothing is configured. */
  readonly defaultValue: T;
  /** What it must be. Its words say kind, range and unit. */
  readonly rule: Rule;
  /** What it does, for the page of all tunables. */
  readonly summary: string;
}

/** Tunables by the name that code calls them. */
export type TunableTable = Readonly<Record<string, Tunable<unknown>>>;

/** The settings of an application, as far as components need them. */
export interface SettingsReader {
  /** False before the configuration is read. */
  readonly loaded: boolean;
  /** The setting at a path, live; undefined while it is not set. @throws an error while it is not loaded. */
  get(path: string): Live<unknown>;
}

/** The application's settings. */
export const settingsToken: Token<SettingsReader> = token('settings of the application');

/** Who follows a tunable, and how. */
export interface TunableUse<T> {
  /** The component, for messages and for those who ask what a change would touch. */
  readonly component: string;
  /** Stands for `NAME` in the path. */
  readonly name?: string;
  /** In force while nothing is configured: what the code of the application says. @defaultValue that of the tunable */
  readonly fallback?: T;
  /** Where later values that are refused are told of. @defaultValue a process warning alone */
  readonly env?: Env;
}

/**
 * The value of a tunable, live: as configured, else the fallback. A later value that its rule refuses is not taken; the last good
 * one stays. Without a configuration, or before it is loaded, it is the fallback for good.
 * @throws OptionsError when what is configured now does not fit.
 */
export function followTunable<T>(
  resolver: Pick<Resolver, 'find'>,
  { path, defaultValue, rule }: Tunable<T>,
  { component, name, fallback = defaultValue, env }: TunableUse<T>,
): Live<T> {
  const at = name === undefined ? path : path.replace('NAME', () => name.replace(/[.\\]/g, '\\$&'));
  const settings = resolver.find(settingsToken);
  if (!settings?.loaded) return liveValue(fallback, { name: at });
  const configured = settings.get(at);
  const options = checkOptions<Record<string, unknown>>(
    component,
    { [at]: configured.map((value) => value ?? fallback) },
    {},
    { [at]: rule },
  );
  if (env) reportRefusals(options, env);
  const refuses = refusing(at, rule);
  noteFollower(configured, { kind: 'component', name: component, touches: (next) => refuses(next ?? fallback) });
  return options[at] as Live<T>;
}
