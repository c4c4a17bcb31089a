/**
 * Who follows a live value, by name. Listeners are functions and tell nothing of themselves; but an operator who is about to
 * change a setting wants to know what it would touch. So whoever follows a live value for a policy or a component says so here.
 */
import { isLive, type Live } from './live.js';

/** A name for people. */
export interface FollowerName {
  readonly kind: 'component' | 'policy' | 'listener';
  readonly name: string;
}

/** One who follows a live value. */
export interface LiveFollower extends FollowerName {
  /**
   * What else another value would touch, such as policies; undefined where nothing but itself.
   * @throws why it would not take that value.
   */
  touches?(next: unknown): readonly FollowerName[];
}

const known = new WeakMap<Live<unknown>, Map<string, LiveFollower>>();

/**
 * Says who follows a live value, and with it what that is derived from. The same name counts once.
 * @returns ends it.
 */
export function noteFollower(live: Live<unknown>, follower: LiveFollower): Disposable {
  const key = `${follower.kind} ${follower.name}`;
  const followers = known.get(live) ?? new Map<string, LiveFollower>();
  known.set(live, followers);
  followers.set(key, follower);
  const { kind, name } = follower;
  // What a source would say next is not what this one would: only the name is passed on.
  const below = sourcesOf(live).map((source) => noteFollower(source, { kind, name }));
  return {
    [Symbol.dispose]() {
      if (followers.get(key) === follower) followers.delete(key);
      for (const noted of below) noted[Symbol.dispose]();
    },
  };
}

/** Those of whom {@link noteFollower} was told. */
export function followersOf(live: Live<unknown>): readonly LiveFollower[] {
  return [...(known.get(live)?.values() ?? [])];
}

/** Whether anybody listens to a derived live value. */
export function isObserved(live: Live<unknown>): boolean {
  return 'observed' in live && live.observed === true;
}

function sourcesOf(live: Live<unknown>): readonly Live<unknown>[] {
  if ('sources' in live && Array.isArray(live.sources)) return live.sources.filter(isLive);
  return 'source' in live && isLive(live.source) ? [live.source] : [];
}
