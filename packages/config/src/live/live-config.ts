/**
 * The configuration in effect and how it is replaced.
 *
 * One pass loads all sources, merges them, checks the whole and every registered section, and only then swaps, in one
 * assignment: nobody ever sees half an edit. Whatever fails leaves the last good settings in effect, says why once, and
 * makes them stale until a pass succeeds. A file that has vanished counts with what it said last. A pass that a watch
 * asked for and that fails is tried once more after a moment: a half-written file is no bad edit.
 */
import {
  type CallContext,
  type Cancellable,
  CancelledError,
  cancellable,
  type Env,
  type Live,
  type LiveSource,
  liveValue,
  messageOf,
  sleep,
} from '@fwk/kernel';
import { saysNothing } from '../errors.js';
import { type Explanation, explainPath } from '../explain/explain.js';
import type { UnknownKey } from '../schema/unknown-keys.js';
import { type Secrets, secretsOf } from '../secret/secret.js';
import type { Config, ConfigChange, ConfigOverrides, ConfigView, Refusal, SourceState } from '../settings/config.js';
import type { SettingsDefinition } from '../settings/settings-definition.js';
import type { ConfigSource } from '../source/source.js';
import { Overrides } from '../sources/overrides.js';
import { parsePath } from '../tree/path.js';
import { changedPaths, shareUnchanged } from '../tree/share.js';
import { valueAt } from '../tree/tree.js';
import { checkSection, compare } from './compare.js';
import { GivenLives } from './given-lives.js';
import { liveOverrides } from './live-overrides.js';
import { type Loaded, loadAll } from './load-all.js';
import { nextSnapshot } from './next-snapshot.js';
import { notLoaded } from './not-loaded.js';
import { type CheckedOptions, type ConfigOptions, checkConfigOptions, sourcesOf } from './options.js';
import { Passes } from './passes.js';
import { ReferredFiles } from './referred-files.js';
import { asError, factsOf } from './refusal-facts.js';
import { hashOf, type Snapshot, sourceStates, tellSources, tellUnknown, unknownIn, viewOf } from './snapshot.js';
import { tellChange, tellRecovery, tellRefusal } from './tell-change.js';

/** Most paths that `config.changed` lists. */
const maxListedPaths = 100;

/** A {@link Config} before, while and after it is loaded. */
export class LiveConfig<T> implements Config<T>, AsyncDisposable {
  readonly #options: CheckedOptions<T>;
  readonly #sources: readonly ConfigSource[];
  readonly #secrets: Secrets;
  readonly #life: Cancellable = cancellable();
  readonly #definitions = new Map<SettingsDefinition<unknown>, Live<unknown>>();
  #env: Env | undefined;
  #root: LiveSource<Snapshot<T>> | undefined;
  #current: Live<T> | undefined;
  readonly refusal: LiveSource<Refusal | undefined> = liveValue<Refusal | undefined>(undefined, {
    name: 'refusal of the configuration',
  });
  #missedHint = false;
  #referred: ReferredFiles | undefined;
  readonly #told = new Set<string>();
  #watches: (Disposable | AsyncDisposable)[] = [];
  readonly #passes = new Passes((confirm) => this.#pass(confirm));
  readonly #overrides = new Overrides();
  readonly #given = new GivenLives<Pick<Snapshot<T>, 'tree'>>();
  readonly overrides: ConfigOverrides = liveOverrides<T>({
    source: this.#overrides,
    passes: this.#passes,
    env: () => this.#env ?? notLoaded(),
    load: () => this.#load(this.#env ?? notLoaded(), this.#life.context, this.#overrides),
    commit: (loaded) => this.#commitOverrides(loaded, this.#env ?? notLoaded()),
    compare: (loaded) => compare(this.#snapshot, loaded, this.#given, this.#definitions),
  });

  /** @throws OptionsError, ConfigError `FWK_CONFIG_FILE_FORMAT`. */
  constructor(options: ConfigOptions<T>) {
    this.#options = checkConfigOptions(options);
    this.#sources = [...sourcesOf(this.#options), this.#overrides];
    this.#secrets = secretsOf(this.#options.secrets);
  }

  /**
   * Loads for the first time and starts to watch.
   * @throws ConfigError; nothing is left behind then.
   */
  async start(env: Env, call: CallContext): Promise<void> {
    this.#env = env;
    try {
      // Watching starts first, so that no edit falls between reading and watching.
      if (this.#options.watch) {
        const watched = this.#sources.filter((source) => source !== this.#overrides);
        this.#watches = watched.map((source) => source.watch(() => this.#changedOutside(), env));
        this.#referred = new ReferredFiles(() => this.#changedOutside(), env.clock, this.#options);
        this.#watches.push(this.#referred);
      }
      this.#watches.push(this.#overrides.watch(() => void this.#passes.between(() => this.#overrideEnded(env)), env));
      const { tree, raw, layers, secrets, files } = await this.#load(env, call);
      const shared = shareUnchanged(undefined, tree) as T;
      const onListenerError = (error: unknown) =>
        env.logger.error({ err: error }, 'a listener of the configuration threw; the others were told');
      this.#root = liveValue<Snapshot<T>>(
        { version: 1, tree: shared, raw, layers, secrets, sections: new Map() },
        { name: 'config', onListenerError },
      );
      const whole = (snapshot: Pick<Snapshot<T>, 'tree'>) => snapshot.tree;
      this.#current = this.#given.note(this.#root.map(whole), whole, 'current');
      this.#referred?.follow(files);
      this.#markOldLayers();
      tellSources(env.logger, this.sources);
      tellUnknown(env.logger, this.#snapshot, this.#unknown(), this.#told);
      if (this.#missedHint) this.#changedOutside();
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  get current(): Live<T> {
    return this.#current ?? notLoaded();
  }

  get version(): number {
    return this.#snapshot.version;
  }

  get lastRefusal(): Refusal | undefined {
    return this.refusal.value;
  }

  get sources(): readonly SourceState[] {
    return sourceStates(this.#snapshot.layers, this.refusal.value);
  }

  get loaded(): boolean {
    return this.#root !== undefined;
  }

  get(path: string): Live<unknown> {
    const parts = parsePath(path);
    const known = this.#given.at(path);
    if (known) return known;
    const take = ({ tree }: Pick<Snapshot<T>, 'tree'>) => valueAt(tree, parts);
    return this.#given.note(this.#loadedRoot.map(take), take, `get("${path}")`, path);
  }

  live<U>(select: (settings: T) => U): Live<U> {
    const take = ({ tree }: Pick<Snapshot<T>, 'tree'>) => select(tree);
    return this.#given.note(this.#loadedRoot.map(take), take, `${select}`);
  }

  onChange(listener: (change: ConfigChange<T>) => void): Disposable {
    const told = this.#loadedRoot.subscribe(({ version, tree: after }, { tree: before }) => {
      if (Object.is(before, after)) return;
      listener({ version, before, after, paths: changedPaths(before, after, maxListedPaths) });
    });
    const noted = this.#given.listening(`onChange(${listener.name || 'a function'})`);
    return { [Symbol.dispose]: () => [told, noted].forEach((each) => void each[Symbol.dispose]()) };
  }

  get hash(): string {
    return hashOf(this.#snapshot);
  }

  section<S>(definition: SettingsDefinition<S>): Live<S> {
    const known = this.#definitions.get(definition) as Live<S> | undefined;
    if (known) return known;
    const snapshot = this.#snapshot;
    snapshot.sections.set(definition, shareUnchanged(undefined, checkSection(definition, snapshot)));
    const live = this.#loadedRoot.map((snapshot) => snapshot.sections.get(definition) as S);
    this.#definitions.set(definition, live);
    return live;
  }

  explain(path: string): Explanation {
    return explainPath(parsePath(path), this.#snapshot);
  }

  /** A value that somebody wants to set at a path, with what is secret there masked. */
  masked(path: string, value: unknown): unknown {
    return this.#snapshot.secrets.masked(value, parsePath(path));
  }

  view(): ConfigView {
    return viewOf(this.#snapshot, {
      overrides: this.overrides.active,
      unknown: this.#unknown(),
      stale: this.#loadedRoot.stale,
      lastRefusal: this.refusal.value,
    });
  }

  reload(): Promise<void> {
    return this.#passes.ask(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watches = this.#watches;
    this.#watches = [];
    this.#life.cancel(new CancelledError('the configuration was closed'));
    for (const watch of watches) {
      if (Symbol.asyncDispose in watch) await watch[Symbol.asyncDispose]();
      else watch[Symbol.dispose]();
    }
    await this.#passes.idle();
  }

  get #loadedRoot(): LiveSource<Snapshot<T>> {
    return this.#root ?? notLoaded();
  }

  get #snapshot(): Snapshot<T> {
    return this.#loadedRoot.value;
  }

  #changedOutside(): void {
    // The first load may have read before this change: it is followed by another.
    if (this.#root) void this.#passes.ask(true);
    else this.#missedHint = true;
  }

  async #pass(confirm: boolean): Promise<void> {
    const env = this.#env ?? notLoaded();
    const life = this.#life.context;
    try {
      let outcome = await this.#attempt(env, life);
      if (confirm && (outcome instanceof Error || outcome.vanished)) {
        await sleep(env.clock, 2 * this.#options.debounceMs, life);
        outcome = await this.#attempt(env, life);
      }
      if (outcome instanceof Error) this.#refuse(outcome, env);
      else this.#commit(outcome, env);
    } catch (error) {
      if (!life.cancelled) this.#refuse(asError(error), env);
    }
  }

  /** A result either way; only the end of this object's life is thrown. */
  async #attempt(env: Env, life: CallContext): Promise<Loaded<T> | Error> {
    try {
      return await this.#load(env, life);
    } catch (error) {
      if (life.cancelled) throw error;
      return asError(error);
    }
  }

  /** An override whose time is over ends also while a file is broken: no other source is read for that. */
  async #overrideEnded(env: Env): Promise<void> {
    const life = this.#life.context;
    try {
      this.#commitOverrides(await this.#load(env, life, this.#overrides), env);
    } catch (error) {
      if (!life.cancelled) this.#refuse(asError(error), env);
    }
  }

  /** @param only - the one source that is read. @defaultValue all are */
  #load(env: Env, call: CallContext, only?: ConfigSource): Promise<Loaded<T>> {
    const last = this.#root?.value.layers ?? [];
    return loadAll({ sources: this.#sources, options: this.#options, secrets: this.#secrets, last, only }, env, call);
  }

  /** Keys that neither the schema of the whole nor a section knows. */
  #unknown(): readonly UnknownKey[] {
    return this.#options.schema ? unknownIn(this.#snapshot, [...this.#definitions.keys()]) : [];
  }

  /** What counts may be an old copy: then the whole is stale, since the oldest of them. */
  #markOldLayers(): void {
    for (const { stale } of this.#snapshot.layers) if (stale) this.#loadedRoot.markStale(stale.reason, stale.sinceMs);
  }

  /** Takes what all sources say now. @throws ConfigError of a section. */
  #commit(loaded: Loaded<T>, env: Env): void {
    const { vanished } = loaded;
    const before = this.refusal.value;
    this.#swap(loaded, env, vanished && before);
    if (vanished) this.#refuse(vanished, env);
    else if (before) tellRecovery(env, this.version, before);
  }

  /** Takes other overrides. What was refused of the sources may fit with them, and is looked at again. @throws ConfigError of a section. */
  #commitOverrides(loaded: Loaded<T>, env: Env): void {
    this.#swap(loaded, env, this.refusal.value);
    if (this.refusal.value) void this.#passes.ask(false);
  }

  /**
   * Checks the sections and swaps, with nothing asynchronous between.
   * @param refusal - what still holds against the sources as they are now.
   * @throws ConfigError of a section; nothing is changed then.
   */
  #swap(loaded: Loaded<T>, env: Env, refusal: Refusal | undefined): void {
    const root = this.#loadedRoot;
    const before = root.value;
    const next = nextSnapshot(before, loaded);
    this.refusal.set(refusal);
    root.set(next);
    this.#markOldLayers();
    if (refusal) root.markStale(refusal.reason, refusal.atMs);
    this.#referred?.follow(loaded.files);
    if (next.version === before.version) return;
    tellChange(env, next.version, changedPaths(before.tree, next.tree, maxListedPaths));
    tellUnknown(env.logger, next, this.#unknown(), this.#told);
  }

  #refuse(error: Error, env: Env): void {
    const { code, source, issues } = factsOf(error);
    const kept = saysNothing(error) ? 'what it said last stays in effect' : 'the last good one stays';
    const { secrets, raw } = this.#snapshot;
    const reason = `${secrets.messagesOf(raw)(messageOf(error))}; ${kept}`;
    const atMs = env.clock.wallTime();
    this.#loadedRoot.markStale(reason, atMs);
    if (this.refusal.value?.reason === reason) return;
    const refusal = { code, reason, source, issues, atMs };
    this.refusal.set(refusal);
    tellRefusal(env, refusal);
  }
}
