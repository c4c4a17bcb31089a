/**
 * The registration of one of this process's instances in Consul: all that the process knows of it, with one explicit state.
 *
 * | state       | meaning                                                                                          |
 * | ----------- | ------------------------------------------------------------------------------------------------ |
 * | `unclaimed` | new, or in doubt: whether the id is free must be found out before anything is written             |
 * | `claiming`  | agent and servers are being asked whether anybody else has the id                                 |
 * | `proving`   | it is written, and we wait until the servers know of it and say that nobody came first            |
 * | `held`      | the id is ours; each renewal says that the instance lives                                         |
 * | `changing`  | the id is ours, and new facts are being written                                                   |
 * | `refused`   | somebody else has the id; each renewal tries again, without waiting for them to leave             |
 *
 * A record exists from the first attempt to register until the instance is taken out.
 */
import type { Instance } from '../../instance.js';

/** See the head of this file. */
export type OwnState = 'unclaimed' | 'claiming' | 'proving' | 'held' | 'changing' | 'refused';

/** The events, and the state that follows each state. For a state that is not listed nothing changes. */
export const ownTransitions = Object.freeze({
  /** Whether the id is free is about to be asked. */
  claim: { unclaimed: 'claiming', refused: 'claiming' },
  /** Its facts are about to be written. */
  write: { claiming: 'proving', held: 'changing' },
  /** What was under way succeeded. */
  hold: { proving: 'held', changing: 'held' },
  /** What was under way failed, and may have been done all the same. */
  fail: { claiming: 'unclaimed', proving: 'unclaimed', changing: 'held' },
  /** The agent or the servers do not confirm that it is ours. Claiming and proving find that out by themselves. */
  doubt: { held: 'unclaimed', changing: 'unclaimed' },
  /** Somebody else is alive and has the id. */
  refuse: { claiming: 'refused', proving: 'refused' },
}) satisfies Readonly<Record<string, Readonly<Partial<Record<OwnState, OwnState>>>>>;

/** How many renewals there are between two questions to the servers whether the id is ours alone. */
const LOOK_EVERY = 10;

/** See the head of this file. */
export class OwnRecord {
  readonly id: string;
  /** Its check was critical when it was last looked at: if it is registered again, it starts as failing. */
  failing = false;
  /** The agent may have a check that says that it is out of service. */
  outOfService = false;
  /** The servers did not have it when last asked, though the agent has it. */
  missing = false;
  /** Why the last attempt to write failed; undefined once one has succeeded. */
  trouble: string | undefined;
  #state: OwnState = 'unclaimed';
  #written: Instance | undefined;
  #wasHeld = false;
  #untilLook = 0;

  constructor(id: string) {
    this.id = id;
  }

  get state(): OwnState {
    return this.#state;
  }

  /** The facts that were last written, which the agent may have as ours; undefined for none. */
  get written(): Instance | undefined {
    return this.#written;
  }

  /** Whether it was ours at some time, so that whoever registered it was told of the success. */
  get wasHeld(): boolean {
    return this.#wasHeld;
  }

  /** A request is under way. Until it ends it is unknown whether the agent has the instance. */
  get isBusy(): boolean {
    return this.#state === 'claiming' || this.#state === 'proving' || this.#state === 'changing';
  }

  /** @returns whether to wait for somebody who has the id and may be leaving: not after a refusal. */
  claim(): boolean {
    const isFirst = this.#state !== 'refused';
    this.#step('claim');
    return isFirst;
  }

  /**
   * Call it before the request is sent: when the answer is lost, it is unknown whether the request arrived.
   * @returns a function that undoes it, for when Consul says that nothing was changed.
   */
  write(instance: Instance): () => void {
    const before = this.#written;
    this.#step('write');
    this.#written = instance;
    this.missing = false;
    return () => {
      this.#written = before;
    };
  }

  /** @param verdict - what the servers say of a new registration; undefined for a change. */
  hold(verdict?: 'first' | 'unknown'): void {
    this.#step('hold');
    this.#wasHeld = true;
    this.trouble = undefined;
    if (verdict !== undefined) this.#untilLook = verdict === 'first' ? LOOK_EVERY : 0;
  }

  fail(trouble: string): void {
    this.#step('fail');
    this.trouble = trouble;
  }

  doubt(): void {
    this.#step('doubt');
  }

  /** The registration and its checks belong to somebody else, and are left alone. */
  refuse(trouble: string): void {
    this.#step('refuse');
    this.trouble = trouble;
    this.#written = undefined;
    this.failing = false;
    this.outOfService = false;
    this.missing = false;
  }

  /** Call it once at each renewal. @returns whether to ask the servers now if the id is ours alone. */
  isLookDue(): boolean {
    if (this.#untilLook > 1) {
      this.#untilLook -= 1;
      return false;
    }
    this.#untilLook = LOOK_EVERY;
    return true;
  }

  /** The servers could not say: they are asked again with the next renewal. */
  lookSoon(): void {
    this.#untilLook = 0;
  }

  #step(name: keyof typeof ownTransitions): void {
    const leads: Readonly<Partial<Record<OwnState, OwnState>>> = ownTransitions[name];
    this.#state = leads[this.#state] ?? this.#state;
  }
}
