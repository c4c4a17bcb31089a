/**
 * What operators say of instances, in a served registry. It comes from operators, who may say it of any instance; and from
 * processes, who may claim it of their own, for a registry that has forgotten. A claim is told as one.
 */
import type { Env } from '@fwk/kernel';
import { RegistryFullError } from '../../errors.js';
import { type Instance, instanceLimits } from '../../instance.js';
import type { Override } from '../../override.js';
import type { Catalog } from '../catalog.js';
import type { ChangeLog } from './change-log.js';

/** Words of operators that are kept. */
const MAX_OVERRIDES = 1000;
/** Ids of which an operator lifted an override here, so that no registrant brings it back. */
const MAX_LIFTED = 1000;
/** What is added to the actor of an override that only a registrant tells of. */
const CLAIMED = ' (as its instance says)';

/** Sets and lifts overrides in one catalog, and says so. */
export class OperatorWords {
  readonly #catalog: Catalog;
  readonly #log: ChangeLog;
  readonly #env: Env;
  readonly #lifted = new Set<string>();

  constructor(catalog: Catalog, log: ChangeLog, env: Env) {
    this.#catalog = catalog;
    this.#log = log;
    this.#env = env;
  }

  /**
   * Lets an operator's word win over the instance's own. Where there are too many, the oldest about an instance that is
   * not there makes room.
   * @throws RegistryFullError
   */
  set(id: string, override: Override): void {
    const { overrides } = this.#catalog;
    if (overrides.size >= MAX_OVERRIDES && !overrides.has(id)) {
      const idle = [...overrides.keys()].find((other) => !this.#catalog.get(other));
      if (idle === undefined) throw new RegistryFullError('overrides', MAX_OVERRIDES);
      this.lift(idle);
    }
    this.#put(id, override);
    this.#env.events.emit('instance.overridden', { instance: id, ...override });
    this.#env.logger.warn({ instance: id, ...override }, 'an operator has overridden the status of an instance');
  }

  /** Lets the instance's own word count again; false when it did already. */
  lift(id: string): boolean {
    const override = this.#catalog.overrides.get(id);
    this.#lifted.add(id);
    if (this.#lifted.size > MAX_LIFTED) for (const oldest of this.#lifted) if (this.#lifted.delete(oldest)) break;
    if (!override) return false;
    this.#put(id, undefined);
    this.#env.events.emit('instance.override-lifted', { instance: id, ...override });
    this.#env.logger.info({ instance: id, ...override }, 'the override of an instance was lifted');
    return true;
  }

  /** Takes over what only a registrant says; it can say no more than its own status would, but for longer. */
  claim({ id, service }: Instance, holder: string, { actor, ...claim }: Override): void {
    const { overrides } = this.#catalog;
    if (overrides.has(id) || this.#lifted.has(id) || overrides.size >= MAX_OVERRIDES) return;
    const by = actor.endsWith(CLAIMED) ? actor : actor.slice(0, instanceLimits.nameLength - CLAIMED.length) + CLAIMED;
    const override = Object.freeze({ ...claim, actor: by });
    this.#put(id, override);
    const facts = { instance: id, service, ...override, claimedBy: holder };
    this.#env.events.emit('instance.overridden', facts);
    this.#env.logger.warn(facts, 'an instance says that an operator has overridden its status');
  }

  #put(id: string, override: Override | undefined): void {
    this.#catalog.override(id, override);
    this.#log.add({ kind: 'override', id, override });
  }
}
