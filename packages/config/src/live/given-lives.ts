/**
 * The live values that a configuration has given out, so that it can say whom a change would touch. They are held weakly: what
 * nobody uses any more is not named, and costs nothing.
 */
import { type FollowerName, followersOf, isObserved, type Live, messageOf } from '@fwk/kernel';

/** One that was given out. */
interface Given<S> {
  readonly live: WeakRef<Live<unknown>>;
  /** What it takes from settings. */
  readonly project: (snapshot: S) => unknown;
  /** For people: what takes it. */
  readonly label: string;
}

/** Whom a change would touch. */
export interface Touched {
  readonly listeners: readonly string[];
  readonly policies: readonly string[];
  readonly components: readonly string[];
  /** Why some of them would not take it. */
  readonly problems: readonly string[];
}

/** Most names of a kind. */
const maxListed = 100;
/** Longest name. */
const maxName = 100;

/** See the head of this file. @typeParam S - what all of them are taken from. */
export class GivenLives<S> {
  readonly #given = new Map<string, Given<S>>();
  readonly #gone = new FinalizationRegistry<string>((key) => this.#forget(key));
  /** Of those who listen to all changes. */
  readonly #labels = new Map<object, string>();
  #count = 0;

  /** The one that was given out for a path. */
  at(path: string): Live<unknown> | undefined {
    return this.#given.get(path)?.live.deref();
  }

  /**
   * Notes one.
   * @param label - what takes it, for people.
   * @param path - under which it is found again. @defaultValue it is not
   */
  note<L extends Live<unknown>>(live: L, project: (snapshot: S) => unknown, label: string, path?: string): L {
    const key = path ?? `:${++this.#count}`;
    this.#given.set(key, { live: new WeakRef(live), project, label: shortened(label) });
    this.#gone.register(live, key);
    return live;
  }

  /** Notes one who listens to all changes. @returns ends it. */
  listening(label: string): Disposable {
    const noted: Disposable = { [Symbol.dispose]: () => void this.#labels.delete(noted) };
    this.#labels.set(noted, shortened(label));
    return noted;
  }

  /**
   * Whom it would touch if these were the settings.
   * @param changed - whether they differ from those in effect.
   * @param others - live values beside those noted that would change.
   */
  touchedBy(snapshot: S, changed: boolean, others: readonly Live<unknown>[]): Touched {
    const names = { listener: new Set<string>(), policy: new Set<string>(), component: new Set<string>() };
    const problems = new Set<string>();
    const add = ({ kind, name }: FollowerName) => names[kind].size < maxListed && names[kind].add(shortened(name));
    if (changed) for (const name of this.#labels.values()) add({ kind: 'listener', name });
    for (const live of others) for (const follower of followersOf(live)) add(follower);
    for (const { live: weak, project, label } of this.#given.values()) {
      const live = weak.deref();
      const followers = live ? followersOf(live) : [];
      if (!live || (followers.length === 0 && !isObserved(live))) continue;
      try {
        const next = project(snapshot);
        if (Object.is(next, live.value)) continue;
        if (followers.length === 0) add({ kind: 'listener', name: label });
        for (const follower of followers) {
          add(follower);
          for (const touched of follower.touches?.(next) ?? []) add(touched);
        }
      } catch (error) {
        if (problems.size < maxListed) problems.add(messageOf(error));
      }
    }
    return {
      listeners: [...names.listener],
      policies: [...names.policy],
      components: [...names.component],
      problems: [...problems],
    };
  }

  #forget(key: string): void {
    if (this.#given.get(key)?.live.deref() === undefined) this.#given.delete(key);
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > maxName ? `${line.slice(0, maxName)}…` : line;
}
