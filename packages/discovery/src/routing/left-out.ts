import type { Candidate } from '../pick/balancer.js';
import type { LeftOut } from '../pick/router.js';
import type { GroupPlan } from './group-plan.js';
import { priorityOf, zoneOf } from './instance-facts.js';
import { wholeOf } from './part-of-candidate.js';

/** Why the plan of its group sends no calls to a candidate; undefined if it sends some, or if it is not healthy anyway. */
export function leftOutOf(candidate: Candidate, plan: GroupPlan | undefined): LeftOut | undefined {
  const priority = priorityOf(candidate);
  const level = plan?.levels.find((other) => other.priority === priority);
  if (!plan || !level) return undefined;
  if (level.load === 0) {
    const carrying = plan.levels.filter(({ load }) => load > 0).map((other) => other.priority);
    return { rule: 'priority', measured: `${priority}`, wanted: carrying.join(' or ') };
  }
  if (!level.candidates.includes(candidate)) return undefined;
  const leaves = plan.leaves.filter((leaf) => leaf.level === level);
  const leaf = leaves.find(({ all }) => all.includes(candidate));
  if (!leaf) {
    const shares = leaves.map(({ zone, share }) => `${zone || 'none'} (${percent(share / level.load)})`);
    return { rule: 'zone', measured: zoneOf(candidate) || 'none', wanted: shares.join(' or ') };
  }
  if (leaf.candidates.some((called) => wholeOf(called) === candidate)) return undefined;
  const { candidates, all } = leaf;
  return { rule: 'subset', measured: 'not in it', wanted: `one of the ${candidates.length} of ${all.length} in it` };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
