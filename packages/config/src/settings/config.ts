import { type Live, type Staleness, type Token, token } from '@fwk/kernel';
import type { ConfigIssue } from '../errors.js';
import type { Explanation } from '../explain/explain.js';
import type { UnknownKey } from '../schema/unknown-keys.js';
import type { Override } from '../sources/overrides.js';
import type { ConfigTree } from '../tree/tree.js';
import type { SettingsDefinition } from './settings-definition.js';

/** Why the sources are not what is in effect. */
export interface Refusal {
  /** Code of the error, such as `FWK_CONFIG_SYNTAX`. */
  readonly code: string;
  /** The error's message, secrets masked. */
  readonly reason: string;
  /** Name of the source at fault; undefined when it is the whole that does not fit. */
  readonly source: string | undefined;
  readonly issues: readonly ConfigIssue[];
  /** Wall-clock milliseconds since the epoch. */
  readonly atMs: number;
}

/** One source, as it stands. */
export interface SourceState {
  readonly name: string;
  /** How many single settings it has; 0 also for an optional one that is not there. */
  readonly settings: number;
  /** Set while what counts is what it said earlier: since when, and why. */
  readonly stale: Staleness | undefined;
  /** Undefined while the source is good. */
  readonly problem: string | undefined;
}

/** Everything at once, for people; masked. */
export interface ConfigView {
  readonly version: number;
  readonly hash: string;
  /** What is set over all sources now; values masked. */
  readonly overrides: readonly Override[];
  readonly values: unknown;
  /** Where each single setting was set, by path; `schema` for what only the schema supplies. */
  readonly origins: Readonly<Record<string, string>>;
  readonly sources: readonly SourceState[];
  /** Keys that neither the schema of the whole nor a section knows, each with the known path that was probably meant. */
  readonly unknown: readonly UnknownKey[];
  readonly stale: { readonly sinceMs: number; readonly reason: string } | undefined;
  readonly lastRefusal: Refusal | undefined;
}

/** Who changes something, and why; both 1 to 200 characters. */
export interface ChangeReason {
  readonly actor: string;
  readonly reason: string;
}

/** How a setting is overridden. */
export interface OverrideOptions extends ChangeReason {
  /** How long, 1 millisecond to 366 days; undefined for as long as the program runs. */
  readonly forMs?: number | undefined;
}

/** A change of the settings that took effect. */
export interface ConfigChange<T> {
  readonly version: number;
  readonly before: T;
  readonly after: T;
  /** What differs, at most 100 paths. */
  readonly paths: readonly string[];
}

/** What a change would do; values are masked. */
export interface ConfigPreview {
  /** What would differ, at most 100 settings. */
  readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[];
  /** Prefixes of the sections of code that would be told. */
  readonly sections: readonly string[];
  /** Those who listen: paths, functions, and getters and fields of classes. */
  readonly listeners: readonly string[];
  /** Names of the policies whose options would change. */
  readonly policies: readonly string[];
  /** Names of the components that follow what would change. */
  readonly components: readonly string[];
  /** Why some of them would not take it. With any, the change itself is refused. */
  readonly problems: readonly string[];
}

/** Settings that are set over all sources, in this process and until it ends. Each change takes effect before it resolves. */
export interface ConfigOverrides {
  /** Those that have not ended, in the order in which they were set. */
  readonly active: readonly Override[];
  /**
   * Sets one setting. It takes the place of overrides above, below and at the same path.
   * @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` when the settings would not fit, or a policy or component that follows them
   * would not take them; nothing is changed then.
   */
  set(path: string, value: unknown, options: OverrideOptions): Promise<void>;
  /** What {@link set} would do. @throws ConfigError as that does. */
  preview(path: string, value: unknown, options: OverrideOptions): Promise<ConfigPreview>;
  /**
   * Takes the override of a path away; false when there is none.
   * @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` when the settings would not fit without it.
   */
  lift(path: string, change: ChangeReason): Promise<boolean>;
  /**
   * Takes the last change back, of at most 50; answers its path, or undefined when there is none left. What has ended since stays so.
   * @throws ConfigError `FWK_CONFIG_OVERRIDE_REFUSED` when the settings would not fit.
   */
  undo(change: ChangeReason): Promise<string | undefined>;
}

/** The settings in effect, live. */
export interface Config<T = ConfigTree> {
  /** The whole, validated and frozen. Parts that a change leaves alone keep their identity. */
  readonly current: Live<T>;
  /** Rises by one with each change that took effect; the first is 1. */
  readonly version: number;
  /**
   * One setting, live; undefined where it is not set. Its listeners are called only when its value has changed.
   * @throws ConfigError `FWK_CONFIG_PATH_INVALID`.
   */
  get(path: string): Live<unknown>;
  /**
   * The settings of a definition, live. Its schema joins the checks of every later edit.
   * @throws ConfigInvalidError when what is set now does not fit; `FWK_CONFIG_SETTINGS_ASYNC`.
   */
  section<S>(definition: SettingsDefinition<S>): Live<S>;
  /**
   * What a function takes from the settings, live. Its listeners are called only when that has changed.
   * @example config.live((settings) => settings.checkout.maxItems)
   */
  live<U>(select: (settings: T) => U): Live<U>;
  /** Calls the listener after each change that took effect, with one consistent state before it and one after it. */
  onChange(listener: (change: ConfigChange<T>) => void): Disposable;
  /**
   * A short hash of the settings in effect, the same in every process that has the same ones: 12 hexadecimal digits. Secrets
   * count as masked, so that it tells nothing of them.
   */
  readonly hash: string;
  /** What operators set over all sources, while the program runs. */
  readonly overrides: ConfigOverrides;
  /** Why the setting has its value. */
  explain(path: string): Explanation;
  /** Everything with its sources, masked. */
  view(): ConfigView;
  /** The sources, lowest first. */
  readonly sources: readonly SourceState[];
  /** Set from a refusal until the sources are good again. */
  readonly lastRefusal: Refusal | undefined;
  /** The same, live: for those that tell others. */
  readonly refusal: Live<Refusal | undefined>;
  /** Reads all sources now; never rejects for what they say (see `lastRefusal`). */
  reload(): Promise<void>;
}

/** The application's configuration; `config()` provides it. */
export const configToken: Token<Config> = token('config');
