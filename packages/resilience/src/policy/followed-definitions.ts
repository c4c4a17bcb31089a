/**
 * The definitions of policies that are in force, and the policies that follow them. A changed set of definitions takes effect
 * for all of these policies or for none: each is checked with it before the first changes.
 */
import { type Env, isLive, type Live, messageOf, OptionsError } from '@fwk/kernel';
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
} from './policy-definitions.js';
import { collect, type PolicyOptions } from './policy-options.js';
import type { PolicyRefusal } from './policy-report.js';

/** A policy in use that follows the definitions. */
interface Follower {
  readonly over: readonly PolicyOptions[];
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
  #defined: PolicyDefinitions = { defaults: {}, byName: new Map() };

  /** @throws OptionsError when a definition is refused */
  constructor(env: Env, policies: PolicySource, defaults: PolicyOptions | Live<unknown>) {
    this.#env = env;
    const guarded = guardDefinitions(policies, defaults, () => this.#defined);
    this.#read = () => currentDefinitions(guarded.policies, guarded.defaults);
    this.#defined = this.#read();
    const change = () => this.#change();
    this.#subscriptions = [policies, defaults].flatMap((source) => (isLive(source) ? [source.subscribe(change)] : []));
  }

  get names(): readonly string[] {
    return [...this.#defined.byName.keys()];
  }

  has(name: string): boolean {
    return this.#defined.byName.has(name);
  }

  /**
   * Makes a policy that follows the definitions until it is disposed of.
   * @param over - options of the place of use, the weakest first.
   * @param make - makes it of its levels, the weakest first.
   */
  follow(
    name: string,
    over: readonly PolicyOptions[],
    needsDefinition: boolean,
    make: (levels: readonly OptionsLevel[]) => PolicyCore,
  ): { readonly core: PolicyCore } & Disposable {
    const own = over.map((options) => guardLive(name, options));
    const core = make(this.#levels(this.#defined, name, own));
    this.#followers.set(core, { over: own, core, needsDefinition });
    return { core, [Symbol.dispose]: () => void this.#followers.delete(core) };
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  #change(): void {
    const { events, path, clock, logger } = this.#env;
    try {
      const defined = this.#read();
      const changed = changedPaths(this.#defined, defined);
      for (const { core, levels } of this.#checked(defined)) core.follow(levels);
      this.#defined = defined;
      this.refusal = undefined;
      if (changed.length > 0) events.emit('policy.changed', { path, changed });
    } catch (error) {
      const reasons = error instanceof OptionsError ? error.problems : [messageOf(error)];
      this.refusal = { reasons, atMs: clock.wallTime() };
      logger.error({ err: error, path }, 'changed policies were refused; those before them stay in force');
      events.emit('policy.refused', { path, reasons });
    }
  }

  /** What is in use, with its new levels. @throws OptionsError with the problems of all places of use */
  #checked(defined: PolicyDefinitions) {
    const problems: string[] = [];
    const checked = [...this.#followers.values()].flatMap(({ over, core, needsDefinition }) => {
      const { name } = core;
      if (needsDefinition && !defined.byName.has(name)) {
        problems.push(`policy "${name}" is in use and cannot be taken away`);
        return [];
      }
      const levels = this.#levels(defined, name, over);
      collect(problems, `policy "${name}" where it is used`, () => core.check(levels));
      return [{ core, levels }];
    });
    // Places that set the same have the same problems.
    if (problems.length > 0) throw new OptionsError('policies', [...new Set(problems)]);
    return checked;
  }

  #levels(defined: PolicyDefinitions, name: string, over: readonly PolicyOptions[]): readonly OptionsLevel[] {
    const options = defined.byName.get(name) ?? {};
    const ofPlace = over.map((given) => ({ from: 'call-site' as const, options: given }));
    return [...levelsOf(defined, options), ...ofPlace];
  }
}
