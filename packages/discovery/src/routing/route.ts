/**
 * A way that calls go: which members fit, the groups of a split among them, and the plan of each group. The usual calls have
 * one; a call that asks for versions or tags of its own has another.
 */
import type { CallContext } from '@fwk/kernel';
import type { Candidate, Picker } from '../pick/balancer.js';
import type { LeftOut } from '../pick/router.js';
import { type GroupPlan, type Planning, planGroup } from './group-plan.js';
import { leftOutOf } from './left-out.js';
import { type Group, Matcher, NO_GROUP, type Wanted } from './matcher.js';
import { pickFrom, sharedPicker } from './shared-picker.js';
import { WeightedChoice } from './weighted-choice.js';

/** The members of a service, as the balancer sees them. */
export interface Members {
  /** Healthy ones. */
  readonly healthy: readonly Candidate[];
  readonly out: readonly Candidate[];
}

/** One group with its plan. */
export interface PlannedGroup extends Group {
  /** Members that fit and belong to it, healthy or not. */
  readonly known: number;
  readonly plan: GroupPlan;
}

/** A built route; nothing of it changes. */
export class Route {
  readonly matcher: Matcher;
  /** Those of the split; without one a single group. */
  readonly groups: readonly PlannedGroup[];
  /** Whether every group of the split is empty, so that all that fit are called as one. */
  readonly unmatched: boolean;
  readonly #random: () => number;
  /** One a group; undefined for a group without share or members. */
  readonly #pickers: readonly (Picker | undefined)[];
  /** Among groups with a picker; undefined where there is nothing to choose. */
  readonly #choice: WeightedChoice | undefined;
  /** Among all groups, as if none were empty. */
  readonly #whole: WeightedChoice;

  /** @param name - stands before the names of its groups. */
  constructor(name: string, wanted: Wanted, { healthy, out }: Members, planning: Planning, random: () => number) {
    this.matcher = new Matcher(wanted);
    this.#random = random;
    const fitting = this.#fitting(healthy);
    const fittingOut = this.#fitting(out);
    const planned = this.#plan(name, fitting, fittingOut, planning);
    this.unmatched = wanted.split !== undefined && planned.every(({ share, plan }) => share === 0 || isEmpty(plan));
    this.groups = this.unmatched ? [groupOfAll(planGroup(`${name}*`, fitting, fittingOut, planning))] : planned;
    this.#pickers = this.groups.map(({ share, plan }) => (share > 0 ? sharedPicker(plan.leaves, random) : undefined));
    const shares = this.groups.map(({ name: group, share }) => ({ name: group, weight: share }));
    this.#whole = new WeightedChoice(shares);
    const called = shares.map((each, at) => (this.#pickers[at] ? each : { ...each, weight: 0 }));
    this.#choice = this.groups.length > 1 ? new WeightedChoice(called) : undefined;
  }

  /** Whether a key decides. */
  get hasChoice(): boolean {
    return this.#choice !== undefined;
  }

  /** @param key - whom the call belongs to; only asked for where a key decides. */
  pick(
    nowMs: number,
    request: unknown,
    context: CallContext | undefined,
    key: string | undefined,
  ): Candidate | undefined {
    const choice = this.#choice;
    if (!choice) return this.#pickers[0]?.pick(nowMs, request, context);
    const chosen = key === undefined ? choice.byChance(this.#random()) : choice.byKey(key);
    return pickFrom(this.#pickers, Math.max(0, chosen), nowMs, request, context);
  }

  /** Whether a call with this key may go to a member, were it healthy. */
  admits({ endpoint: { instance } }: Candidate, key: string | undefined): boolean {
    if (!this.matcher.fits(instance)) return false;
    if (this.unmatched) return true;
    const group = this.groups[this.matcher.groupOf(instance)];
    if (!group || group.share === 0) return false;
    if (key === undefined || this.groups.length < 2) return true;
    return this.groups[this.#whole.byKey(key)] === group;
  }

  leftOut(candidate: Candidate): LeftOut | undefined {
    const { instance } = candidate.endpoint;
    const group = this.unmatched ? 0 : this.matcher.groupOf(instance);
    const reason = this.unmatched && this.matcher.fits(instance) ? undefined : this.matcher.leftOut(instance);
    return reason ?? leftOutOf(candidate, this.groups[group]?.plan);
  }

  #fitting(candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.matcher.takesAll) return candidates;
    return candidates.filter(({ endpoint }) => this.matcher.fits(endpoint.instance));
  }

  #plan(
    name: string,
    fitting: readonly Candidate[],
    fittingOut: readonly Candidate[],
    planning: Planning,
  ): readonly PlannedGroup[] {
    const { groups } = this.matcher;
    if (groups.length === 0) return [groupOfAll(planGroup(name, fitting, fittingOut, planning))];
    const healthy: Candidate[][] = groups.map(() => []);
    const out: Candidate[][] = groups.map(() => []);
    for (const candidate of fitting) this.#listFor(candidate, healthy)?.push(candidate);
    for (const candidate of fittingOut) this.#listFor(candidate, out)?.push(candidate);
    return groups.map((group, at) => {
      const [those, others] = [healthy[at] ?? [], out[at] ?? []];
      const plan = group.share > 0 ? planGroup(`${name}${group.name}`, those, others, planning) : noPlan;
      return { ...group, known: those.length + others.length, plan };
    });
  }

  #listFor({ endpoint }: Candidate, lists: readonly Candidate[][]): Candidate[] | undefined {
    const group = this.matcher.groupOf(endpoint.instance);
    return group === NO_GROUP ? undefined : lists[group];
  }
}

const noPlan: GroupPlan = { levels: [], leaves: [] };

function isEmpty({ leaves }: GroupPlan): boolean {
  return leaves.length === 0;
}

function groupOfAll(plan: GroupPlan): PlannedGroup {
  return { name: '', share: 1, key: { kind: 'rest' }, known: 0, plan };
}
