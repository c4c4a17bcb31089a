/**
 * The definitions of policies that are in force, and the policies that follow them. A changed set of definitions takes effect
 * for all of these policies or for none: each is checked with it before the first changes.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Env,
  type FollowerName,
  isLive,
  type Live,
  liveValue,
  messageOf,
  noteFollower,
  OptionsError,
} from '@fwk/kernel';
import { guardLive } from './guard-live.js';
import type { OptionsLevel } from './merge-options.js';
import type { PolicyCore } from './policy-core.js';
import {
  changedPaths,
  currentDefinitions,
  guardDefinitions,
  levelsOf,
  type PolicyDefinitions,
  type PolicySource,
  readOverride,
} from './policy-definitions.js';
import { collect, type PolicyOptions } from './policy-options.js';
import type { PolicyRefusal } from './policy-report.js';

const component = { kind: 'component', name: 'resilience' } as const;

/** A policy in use that follows the definitions. */
interface Follower {
  /** What is said at its place of use, the weakest first. */
  readonly own: readonly OptionsLevel[];
  readonly core: PolicyCore;
  /** Whether it may not be taken away from the definitions. */
  readonly needsDefinition: boolean;
}

/** See the head of this file. */
export class FollowedDefinitions implements Disposable {
  /** Why the last change was refused; undefined if it was accepted. */
  refusal: PolicyRefusal | undefined;
  readonly #env: Env;
  readonly #read: () => PolicyDefinitions;
  readonly #followers = new Map<PolicyCore, Follower>();
  readonly #subscriptions: readonly Disposable[];
  /** That it follows its sources, for those who ask whom a change would touch. */
  readonly #noted: readonly Disposable[];
  #defined: PolicyDefinitions = { defaults: {}, byName: new Map() };
  /** What operators set while the process runs, by name. */
  #overrides: ReadonlyMap<string, PolicyOptions> = new Map();

  /** @throws OptionsError when a definition is refused */
  constructor(env: Env, policies: PolicySource, defaults: PolicyOptions | Live<unknown>) {
    this.#env = env;
    const guarded = guardDefinitions(policies, defaults, () => this.#defined);
    this.#read = () => currentDefinitions(guarded.policies, guarded.defaults);
    this.#defined = this.#read();
    const change = () => this.#change();
    this.#subscriptions = [policies, defaults].flatMap((source) => (isLive(source) ? [source.subscribe(change)] : []));
    const touches = (next: PolicyDefinitions) => this.#touchedBy(next);
    const followed = (source: unknown, read: (next: Live<unknown>) => PolicyDefinitions) =>
      isLive(source) ? [noteFollower(source, { ...component, touches: (next) => touches(read(liveValue(next))) })] : [];
    this.#noted = [
      ...followed(policies, (next) => currentDefinitions(next, guarded.defaults)),
      ...followed(defaults, (next) => currentDefinitions(guarded.policies, next)),
    ];
  }

  get names(): readonly string[] {
    return [...this.#defined.byName.keys()];
  }

  has(name: string): boolean {
    return this.#defined.byName.has(name);
  }

  /**
   * Makes a policy that follows the definitions until it is disposed of.
   * @param given - what is said at the place of use, the weakest first.
   * @param make - makes it of its levels, the weakest first.
   */
  follow(
    name: string,
    given: readonly OptionsLevel[],
    needsDefinition: boolean,
    make: (levels: readonly OptionsLevel[]) => PolicyCore,
  ): { readonly core: PolicyCore } & Disposable {
    const own = given.map(({ from, options }) => ({ from, options: guardLive(name, options) }));
    const core = make(this.#levels(this.#defined, this.#overrides, name, own));
    this.#followers.set(core, { own, core, needsDefinition });
    return { core, [Symbol.dispose]: () => void this.#followers.delete(core) };
  }

  /** What lies over all that was given for a policy, as an operator set it. */
  overridesOf(name: string): PolicyOptions {
    return this.#overrides.get(name) ?? {};
  }

  /**
   * Puts options over all that was given for a policy, for every place that uses it or none. They replace those of before.
   * @param given - plain data; empty to take them away.
   * @throws OptionsError with all problems
   */
  override(name: string, given: unknown): void {
    const options = readOverride(name, given);
    const overrides = new Map([...this.#overrides].filter(([other]) => other !== name));
    if (Object.keys(options).length > 0) overrides.set(name, options);
    for (const { core, levels } of this.#checked(this.#defined, overrides, undefined, name)) core.follow(levels);
    const changed = changedPaths({ defaults: {}, byName: this.#overrides }, { defaults: {}, byName: overrides });
    this.#overrides = overrides;
    if (changed.length > 0) this.#env.events.emit('policy.overridden', { path: this.#env.path, name, changed });
  }

  [Symbol.dispose](): void {
    for (const each of [...this.#subscriptions, ...this.#noted]) each[Symbol.dispose]();
  }

  /** Policies whose options would be others. @throws OptionsError when one that is in use could not take them. */
  #touchedBy(next: PolicyDefinitions): readonly FollowerName[] {
    this.#checked(next, this.#overrides);
    const { defaults, byName } = this.#defined;
    const all = !isDeepStrictEqual(defaults, next.defaults);
    const inUse = [...this.#followers.values()].map(({ core }) => core.name);
    return [...new Set([...byName.keys(), ...next.byName.keys(), ...inUse])]
      .filter((name) => all || !isDeepStrictEqual(byName.get(name), next.byName.get(name)))
      .map((name) => ({ kind: 'policy', name }));
  }

  #change(): void {
    const { events, path, clock, logger } = this.#env;
    try {
      const defined = this.#read();
      const changed = changedPaths(this.#defined, defined);
      const unfit: PolicyCore[] = [];
      for (const { core, levels } of this.#checked(defined, this.#overrides, unfit)) core.follow(levels);
      this.#defined = defined;
      this.refusal = undefined;
      for (const { kind } of unfit) kind.variant?.onUnfit?.();
      if (changed.length > 0) events.emit('policy.changed', { path, changed });
    } catch (error) {
      const reasons = error instanceof OptionsError ? error.problems : [messageOf(error)];
      this.refusal = { reasons, atMs: clock.wallTime() };
      logger.error({ err: error, path }, 'changed policies were refused; those before them stay in force');
      events.emit('policy.refused', { path, reasons });
    }
  }

  /**
   * What is in use, with its new levels.
   * @param unfit - takes the policies of variants for which there is no room; they are left out. @defaultValue their problems count
   * @param only - the policies of this name. @defaultValue all
   * @throws OptionsError with the problems of all places of use
   */
  #checked(
    defined: PolicyDefinitions,
    overrides: ReadonlyMap<string, PolicyOptions>,
    unfit?: PolicyCore[],
    only?: string,
  ) {
    const problems: string[] = [];
    const checked = [...this.#followers.values()].flatMap(({ own: said, core, needsDefinition }) => {
      const { name } = core;
      if (only !== undefined && name !== only) return [];
      if (needsDefinition && !defined.byName.has(name)) {
        problems.push(`policy "${name}" is in use and cannot be taken away`);
        return [];
      }
      const levels = this.#levels(defined, overrides, name, said);
      const place = only === undefined ? `policy "${name}" where it is used` : '';
      const own: string[] = [];
      collect(own, place, () => core.check(levels));
      if (own.length > 0 && unfit && core.kind.variant?.onUnfit) {
        unfit.push(core);
        return [];
      }
      problems.push(...own);
      return [{ core, levels }];
    });
    // Places that set the same have the same problems.
    if (problems.length > 0) throw new OptionsError('policies', [...new Set(problems)]);
    return checked;
  }

  #levels(
    defined: PolicyDefinitions,
    overrides: ReadonlyMap<string, PolicyOptions>,
    name: string,
    own: readonly OptionsLevel[],
  ): readonly OptionsLevel[] {
    const options = defined.byName.get(name) ?? {};
    const override = overrides.get(name);
    return [
      ...levelsOf(defined, options),
      ...own,
      ...(override ? [{ from: 'override' as const, options: override }] : []),
    ];
  }
}
