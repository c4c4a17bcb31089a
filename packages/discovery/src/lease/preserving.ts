import type { Env } from '@fwk/kernel';
import type { Preservation } from './self-preservation.js';

/** Which groups are being preserved at present; says so, by an event and in the log, when it begins. */
export class Preserving {
  readonly #env: Env;
  #groups: ReadonlySet<string> = new Set();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Takes the figures of a sweep and answers the ids that must not be evicted in it. */
  withheld(figures: readonly Preservation[]): ReadonlySet<string> {
    const kept = figures.filter(({ withheld }) => withheld.length > 0);
    for (const group of kept) {
      if (this.#groups.has(group.group)) continue;
      this.#env.events.emit('registry.preserving', { ...group });
      this.#env.logger.warn({ ...group }, 'too few renewals arrive; nobody of this group is evicted');
    }
    this.#groups = new Set(kept.map(({ group }) => group));
    return new Set(kept.flatMap(({ withheld }) => withheld));
  }
}
