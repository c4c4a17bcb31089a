/** What somebody should know of a router's plan: told when it comes up, when it changes and when it is over. */
import type { Env } from '@fwk/kernel';
import type { Candidate } from '../pick/balancer.js';
import { isPriority } from './instance-facts.js';
import type { Members, Route } from './route.js';

/** One thing to tell. */
interface Problem {
  readonly event: string;
  /** Of a split; empty for what concerns all. */
  readonly group: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What was told and is still so: data as they were told, by event and group. */
export type Told = ReadonlyMap<string, string>;

/** Tells what is new or has changed, and what is over. @param before - what was told; undefined at the first time */
export function tellProblems(route: Route, members: Members, { events, path }: Env, before: Told = new Map()): Told {
  // Nobody is known yet, or nobody any more: the call says so.
  if (members.healthy.length + members.out.length === 0) return before;
  const told = new Map<string, string>();
  for (const { event, group, data } of problemsOf(route, members)) {
    const topic = `${event} ${group}`;
    const text = JSON.stringify(data);
    told.set(topic, text);
    if (before.get(topic) !== text) events.emit(event, { path, ...(group !== '' && { group }), ...data });
  }
  for (const topic of before.keys()) {
    if (told.has(topic)) continue;
    const [event, ...group] = topic.split(' ');
    events.emit('routing.recovered', { path, from: event, ...(group[0] !== '' && { group: group.join(' ') }) });
  }
  return told;
}

function* problemsOf(route: Route, { healthy, out }: Members): Iterable<Problem> {
  if (route.unmatched) yield { event: 'routing.split-unmatched', group: '', data: { groups: namesOf(route) } };
  for (const { name, share, known, plan } of route.groups) {
    if (share > 0 && plan.leaves.length === 0 && route.groups.length > 1) {
      yield { event: 'routing.group-empty', group: name, data: { share, known } };
    }
    const { levels } = plan;
    const [first] = levels;
    const panic = levels.filter((level) => level.panic && level.load > 0).map(({ priority }) => priority);
    if (levels.length > 1 && first && first.load < 1) {
      const loads = Object.fromEntries(levels.map(({ priority, load }) => [priority, Math.round(load * 1000) / 1000]));
      yield { event: 'routing.failed-over', group: name, data: { loads } };
    }
    if (panic.length > 0) yield { event: 'routing.panicked', group: name, data: { priorities: panic } };
  }
  const ignored = [...unreadable(healthy), ...unreadable(out)];
  const [first] = ignored;
  if (!first) return;
  const { id, instance } = first.endpoint;
  const priority = instance.metadata?.priority?.slice(0, 40);
  yield { event: 'routing.priority-ignored', group: '', data: { endpoints: ignored.length, first: id, priority } };
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
