/** What somebody should know of a router's plan, told once when it comes up and again only after it was gone. */
import type { Env } from '@fwk/kernel';
import type { Candidate } from '../pick/balancer.js';
import { isPriority } from './instance-facts.js';
import type { Members, Route } from './route.js';

/** One thing to tell. */
interface Problem {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Tells what was not known before. @param before - what was; undefined at the first time. @returns what is known now */
export function tellProblems(
  route: Route,
  members: Members,
  { events, path }: Env,
  before: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { event, data } of problemsOf(route, members)) {
    const key = `${event} ${JSON.stringify(data)}`;
    known.add(key);
    if (!before?.has(key)) events.emit(event, { path, ...data });
  }
  return known;
}

function* problemsOf(route: Route, { healthy, out }: Members): Iterable<Problem> {
  // Nobody is known yet, or nobody any more: the call says so.
  if (healthy.length + out.length === 0) return;
  if (route.unmatched) yield { event: 'routing.split-unmatched', data: { groups: namesOf(route) } };
  for (const { name, share, known, plan } of route.groups) {
    if (share > 0 && plan.leaves.length === 0 && route.groups.length > 1) {
      yield { event: 'routing.group-empty', data: { group: name, share, known } };
    }
    const { levels } = plan;
    const [first] = levels;
    const panic = levels.filter((level) => level.panic && level.load > 0).map(({ priority }) => priority);
    if (levels.length > 1 && first && first.load < 1) {
      const loads = Object.fromEntries(levels.map(({ priority, load }) => [priority, Math.round(load * 1000) / 1000]));
      yield { event: 'routing.failed-over', data: { group: name, loads } };
    }
    if (panic.length > 0) yield { event: 'routing.panicked', data: { group: name, priorities: panic } };
  }
  const ignored = [...unreadable(healthy), ...unreadable(out)];
  const [first] = ignored;
  if (!first) return;
  const { id, instance } = first.endpoint;
  const priority = instance.metadata?.priority?.slice(0, 40);
  yield { event: 'routing.priority-ignored', data: { endpoints: ignored.length, first: id, priority } };
}

function unreadable(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ endpoint }) => {
    const priority = endpoint.instance.metadata?.priority;
    return priority !== undefined && !isPriority(priority);
  });
}

function namesOf({ matcher }: Route): string {
  return matcher.groups.map(({ name }) => name).join(', ');
}
