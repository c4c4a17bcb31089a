import { type Live, type Staleness, type Token, token } from '@fwk/kernel';
import type { ConfigIssue } from '../errors.js';
import type { Explanation } from '../explain/explain.js';
import type { UnknownKey } from '../schema/unknown-keys.js';
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
  readonly values: unknown;
  /** Where each single setting was set, by path; `schema` for what only the schema supplies. */
  readonly origins: Readonly<Record<string, string>>;
  readonly sources: readonly SourceState[];
  /** Keys that neither the schema of the whole nor a section knows, each with the known path that was probably meant. */
  readonly unknown: readonly UnknownKey[];
  readonly stale: { readonly sinceMs: number; readonly reason: string } | undefined;
  readonly lastRefusal: Refusal | undefined;
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
