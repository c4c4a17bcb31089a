import type { CallContext, Env, Staleness } from '@fwk/kernel';
import type { Origin } from '../tree/origin.js';
import type { ConfigPath } from '../tree/path.js';
import type { ConfigTree } from '../tree/tree.js';

/** What a source works with while it loads. */
export interface SourceContext {
  /** Loading ends at once when this is cancelled, with the caller's own reason. */
  readonly call: CallContext;
  readonly env: Env;
  /** What the sources below say together; the environment finds the spelling of its keys in it. */
  readonly below: ConfigTree;
}

/** What a source says. */
export interface SourceValues {
  /** Only what the source itself sets. Plain data; it is copied and checked by whoever loads. */
  readonly tree: unknown;
  /** Where a value stands, more exactly than by the source's name; undefined where that is all there is to say. */
  originOf?(path: ConfigPath): Origin | undefined;
  /** What was written at a path, for sources that know only text: a schema that wants text then gets `007`, and not 7. */
  textOf?(path: ConfigPath): string | undefined;
  /** What `${env:NAME}` finds where the process has no variable of that name. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether all of it is secret. @defaultValue false */
  readonly secret?: boolean;
  /** Set when this may no longer be what the source would say: since when, in wall-clock milliseconds, and why. */
  readonly stale?: Staleness;
}

/**
 * A place that settings come from. Sources are listed lowest first; a later one overrides an earlier one. What each
 * must keep is stated as tests in `configSourceContract` of `@fwk/config/testing`.
 */
export interface ConfigSource {
  /** For people and unique within one configuration: the path of a file, `environment`. */
  readonly name: string;
  /**
   * Reads everything anew.
   * @throws ConfigError that names the source and, where there is one, the line. `FWK_CONFIG_FILE_MISSING`, `FWK_CONFIG_KEY_MISSING`,
   * `FWK_CONFIG_SOURCE_UNREACHABLE` and `FWK_CONFIG_SOURCE_DENIED` mean that it says nothing now: what it said last counts then, once it
   * has said something.
   */
  load(context: SourceContext): Promise<SourceValues>;
  /**
   * Calls `changed` after something may have changed; only a hint, whoever listens loads and compares. Never calls it
   * before this returns nor after disposal, and holds neither process nor timer afterwards.
   */
  watch(changed: () => void, env: Env): Disposable | AsyncDisposable;
}
