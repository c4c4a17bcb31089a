/**
 * One own instance in Consul: all that this process knows of its registration, in one place and in one explicit state.
 *
 * | state       | meaning                                                                                          |
 * | ----------- | ------------------------------------------------------------------------------------------------ |
 * | `unclaimed` | new, or in doubt: whether the id is free must be found out before anything is written             |
 * | `claiming`  | agent and servers are being asked whether anybody else has the id                                 |
 * | `proving`   | it is written, and we wait until the servers know of it and say that nobody came first            |
 * | `held`      | the id is ours; each renewal says that the instance lives                                         |
 * | `changing`  | the id is ours, and new facts are being written                                                   |
 * | `refused`   | somebody else has the id; it is tried again with each renewal, without waiting for it             |
 *
 * A record exists from the first attempt to register until the instance is taken out.
 */
import type { Instance } from '../../instance.js';

/** See the head of this file. */
export type OwnState = 'unclaimed' | 'claiming' | 'proving' | 'held' | 'changing' | 'refused';

/** What can happen, and where it leads from each state. Where a state is missing, nothing changes. */
export const ownTransitions = Object.freeze({
  /** Whether the id is free is about to be asked. */
  claim: { unclaimed: 'claiming', refused: 'claiming' },
  /** Its facts are about to be written. */
  write: { claiming: 'proving', held: 'changing' },
  /** What was under way succeeded. */
  hold: { proving: 'held', changing: 'held' },
  /** What was under way failed, and may have been done all the same. */
  fail: { claiming: 'unclaimed', proving: 'unclaimed', changing: 'held' },
  /** The agent or the servers no longer say that it is ours. What is under way finds that out by itself, or has been overtaken. */
  doubt: { held: 'unclaimed', changing: 'unclaimed' },
  /** Somebody else is alive and has the id. */
  refuse: { claiming: 'refused', proving: 'refused' },
}) satisfies Readonly<Record<string, Readonly<Partial<Record<OwnState, OwnState>>>>>;

/** With which renewal the servers are asked again whether the id is still ours alone. */
const LOOK_EVERY = 10;

/** See the head of this file. */
export class OwnRecord {
  readonly id: string;
  /** Its check was critical when it was last looked at: if it is put in again, it starts as failing. */
  failing = false;
  /** A check that says that it is out of service may stand at the agent. */
  outOfService = false;
  /** The servers were seen without it, though the agent has it. */
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

  /** The facts that may stand at the agent as ours, as they were last written; undefined when none do. */
  get written(): Instance | undefined {
    return this.#written;
  }

  /** It was ours before, so that whoever registered it was told so. */
  get wasHeld(): boolean {
    return this.#wasHeld;
  }

  /** Something is under way, and until it ends nobody can say whether the agent knows it. */
  get isBusy(): boolean {
    return this.#state === 'claiming' || this.#state === 'proving' || this.#state === 'changing';
  }

  /** @returns false when somebody was found to have the id before: whoever tries again does not wait for them to go. */
  claim(): boolean {
    const isFirst = this.#state !== 'refused';
    this.#step('claim');
    return isFirst;
  }

  /**
   * Before the request is sent: when its answer is lost, nobody knows whether it arrived.
   * @returns takes it back, when Consul says that it changed nothing.
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
  hold(verdict?: 'first' | 'unsaid'): void {
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

  /** Neither the registration nor its checks are ours to touch any more. */
  refuse(trouble: string): void {
    this.#step('refuse');
    this.trouble = trouble;
    this.#written = undefined;
    this.failing = false;
    this.outOfService = false;
    this.missing = false;
  }

  /** With each renewal: whether the servers are to be asked now whether the id is ours alone. */
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
