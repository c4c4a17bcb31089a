/**
 * The picker that calls are given to now: the balancer's own, or that of the router with one picker of the balancer for each of
 * its groups. Made anew with each change of the set; every new picker is told of the one that it replaces.
 */
import type { CallContext, Env } from '@fwk/kernel';
import type { Candidate, Picker } from '../pick/balancer.js';
import type { LeftOut, RoutedPicker, Split } from '../pick/router.js';
import type { PickRules } from './pick-rules.js';

/** See the head of this file. */
export class Pickers {
  readonly #env: Env;
  #picker: Picker | undefined;
  /** The same picker, if a router made it. */
  #routed: RoutedPicker | undefined;
  /** The balancer's pickers, by the name of the router's group. */
  #groups: ReadonlyMap<string, Picker> = new Map();

  constructor(env: Env) {
    this.#env = env;
  }

  /**
   * Makes the pickers anew.
   * @param candidates - the endpoints to pick from.
   * @param out - members that are not UP or are ejected; only asked for when there is a router.
   */
  renew(candidates: readonly Candidate[], { balancer, router }: PickRules, out: () => ReadonlySet<Candidate>): void {
    this.#routed = undefined;
    if (!router) {
      this.#picker = balancer.picker(candidates, this.#env, this.#picker);
      return;
    }
    const before = this.#groups;
    const groups = new Map<string, Picker>();
    this.#groups = groups;
    const make = (name: string, some: readonly Candidate[]) => {
      const picker = balancer.picker(some, this.#env, before.get(name));
      groups.set(name, picker);
      return picker;
    };
    this.#routed = router.picker(candidates, make, this.#env, this.#picker, out());
    this.#picker = this.#routed;
  }

  pick(nowMs: number, request: unknown, context: CallContext): Candidate | undefined {
    return this.#picker?.pick(nowMs, request, context);
  }

  /** Tells every picker that an endpoint has said how busy it is. */
  reported(nowMs: number, candidate: Candidate): void {
    this.#picker?.reported?.(nowMs, candidate);
    if (this.#groups.size > 0) for (const group of this.#groups.values()) group.reported?.(nowMs, candidate);
  }

  /** How the router splits the traffic; undefined where it does not. */
  get split(): Split | undefined {
    return this.#routed?.split;
  }

  /** Why the router sends a member no calls. @param context - of a call that says where it wants to go */
  leftOut(candidate: Candidate, context?: CallContext): LeftOut | undefined {
    return this.#routed?.leftOut(candidate, context);
  }

  /** Whether the router lets a call go to a member, ejected or not. */
  admits(candidate: Candidate, request: unknown, context?: CallContext): boolean {
    return this.#routed?.admits(candidate, request, context) ?? true;
  }
}
