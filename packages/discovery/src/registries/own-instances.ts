/**
 * The instances that this process has registered, and getting the registry to know them: at first, after each change, after
 * each loss. Requests for one instance follow each other and always carry its newest facts, so that an older state cannot
 * overtake a newer one.
 */
import { background, type CallContext, type Env, isFwkError, messageOf, settleWithin } from '@fwk/kernel';
import { DuplicateInstanceError } from '../errors.js';
import { type Instance, parseInstance } from '../instance.js';
import type { Registration } from '../registry.js';
import { describeInstance } from './describe-instance.js';
import { ownWord } from './own-word.js';

/** How long a process that stops waits for its instance to be taken out; the lease does it otherwise. */
const DEREGISTER_LIMIT_MS = 1000;

/** How instances are written into one registry. An error of being unavailable means later, any other is a refusal. */
export interface InstanceWriter {
  /** Puts an instance in, or brings what is there to these facts. */
  register(instance: Instance): Promise<void>;
  /** Takes an instance out; one that is not there is out. */
  deregister(id: string): Promise<void>;
}

/** The requests for one id, one after the other, whoever has the id meanwhile. */
interface Line {
  end: Promise<unknown>;
}

interface Own {
  /** As it should be known. */
  instance: Instance;
  /** As the registry took it last. */
  accepted: Instance | undefined;
  readonly line: Line;
  state: 'pending' | 'registered' | 'refused' | 'leaving';
  /** The registry does not have the newest facts. */
  dirty: boolean;
  /** A registry may have heard of it. */
  sent: boolean;
  /** It is to be brought to the registry, and that has not begun. */
  queued: boolean;
  /** Settles the first registration; undefined once it is settled. */
  first: { resolve(): void; reject(error: unknown): void } | undefined;
  /** Told once it is out. */
  readonly left: Set<() => void>;
}

/** The registrations of one process. */
export class OwnInstances {
  readonly #env: Env;
  /** In the order of their registration. Of one id there is one at most that does not leave. */
  readonly #all = new Set<Own>();
  /** Set while the registry answers. */
  #client: InstanceWriter | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Ids to renew. */
  get ids(): readonly string[] {
    return [...this.#all].filter(({ state }) => state !== 'leaving').map(({ instance }) => instance.id);
  }

  /** The registry answers: it is told of everything, also of what leaves. */
  joined(client: InstanceWriter): void {
    this.#client = client;
    for (const own of this.#all) this.#push(own);
  }

  lost(): void {
    this.#client = undefined;
  }

  /** Registers again what the registry does not know, and what it knows in an older state; tries again what failed. */
  repair(unknown: readonly string[]): void {
    for (const own of this.#all) {
      const again = unknown.includes(own.instance.id);
      if (own.state === 'registered' ? own.dirty || again : own.state !== 'pending' || again) this.#push(own);
    }
  }

  async register(given: Instance, context: CallContext = background): Promise<Registration> {
    if (context.cancelled) throw context.reason;
    const instance = parseInstance(given);
    const before = this.#with(instance.id);
    const holder = before.find(({ state }) => state !== 'leaving');
    if (holder) {
      throw new DuplicateInstanceError(instance.id, describeInstance(holder.instance), describeInstance(instance));
    }
    const own: Own = {
      instance,
      accepted: undefined,
      line: before[0]?.line ?? { end: Promise.resolve() },
      state: 'pending',
      dirty: true,
      sent: false,
      queued: false,
      first: undefined,
      left: new Set(),
    };
    this.#all.add(own);
    await new Promise<void>((resolve, reject) => {
      const subscription = context.onCancel((reason) => {
        own.first?.reject(reason);
        void this.#leave(own);
      });
      const settled = (settle: () => void) => {
        subscription[Symbol.dispose]();
        own.first = undefined;
        settle();
      };
      own.first = { resolve: () => settled(resolve), reject: (error) => settled(() => reject(error)) };
      this.#push(own);
    });
    return this.#registration(own);
  }

  /** The registry refuses this process: whoever waits to be registered for the first time is told so. */
  refuse(error: unknown): void {
    for (const own of [...this.#all]) {
      if (own.state === 'pending') this.#refused(own, error);
    }
  }

  /** Takes all out, within a second; for closing. @param error - what those are told who still wait to be registered. */
  async leaveAll(error: unknown): Promise<void> {
    const all = [...this.#all];
    for (const own of all) own.first?.reject(error);
    await Promise.all(all.map((own) => this.#leave(own)));
    this.lost();
    this.#all.clear();
  }

  #registration(own: Own): Registration {
    return {
      get instance() {
        return own.instance;
      },
      ...ownWord(this.#env.clock, (make) => this.#queue(own, () => this.#change(own, make))),
      deregister: () => this.#leave(own),
    };
  }

  /** Ends once it is out, or a second later: then it is taken out when the registry can, or by its lease. */
  async #leave(own: Own): Promise<void> {
    own.state = 'leaving';
    if (!own.sent) this.#forget(own);
    if (!this.#all.has(own)) return;
    this.#push(own);
    const left = new Promise<void>((resolve) => void own.left.add(resolve));
    await settleWithin(left, { clock: this.#env.clock, limitMs: DEREGISTER_LIMIT_MS, late: () => undefined });
  }

  /** Brings the registry to what is wanted, after what is under way for the same id. */
  #push(own: Own): void {
    if (own.queued) return;
    own.queued = true;
    void this.#queue(own, () => {
      own.queued = false;
      return this.#bring(own);
    });
  }

  #queue({ line }: Own, work: () => Promise<void>): Promise<void> {
    const done = line.end.then(work);
    line.end = done.catch(() => {});
    return done;
  }

  async #bring(own: Own): Promise<void> {
    const client = this.#client;
    // Nobody there: it is done when somebody is.
    if (!client || !this.#all.has(own)) return;
    try {
      if (own.state === 'leaving') await this.#deregister(own, client);
      else await this.#register(own, client);
    } catch (error) {
      // The registry will be lost, or the next renewal repairs it.
      if (!isUnavailable(error)) this.#refused(own, error);
    }
  }

  /** Makes a change; one that is refused is the caller's to know, and is not tried again. */
  async #change(own: Own, make: (instance: Instance) => Instance): Promise<void> {
    if (own.state === 'leaving') return;
    const before = own.instance;
    own.instance = make(before);
    own.dirty = true;
    const client = this.#client;
    if (!client) return;
    try {
      await this.#register(own, client);
    } catch (error) {
      if (isUnavailable(error)) return;
      own.instance = before;
      // A registry may have dropped what it had.
      await this.#bring(own);
      throw error;
    }
  }

  async #register(own: Own, client: InstanceWriter): Promise<void> {
    const { instance } = own;
    const { id, service } = instance;
    const again = own.first === undefined;
    const news = own.state !== 'registered' || !own.dirty;
    own.sent = true;
    await client.register(instance);
    own.accepted = instance;
    own.dirty = false;
    // Who had the id before has lost it by this, and must not take it out later.
    for (const other of this.#with(id)) if (other !== own) this.#forget(other);
    if (own.state === 'leaving') return;
    own.state = 'registered';
    own.first?.resolve();
    if (news) this.#env.events.emit('instance.registered', { instance: id, service, again });
  }

  async #deregister(own: Own, client: InstanceWriter): Promise<void> {
    const { id, service } = own.instance;
    await client.deregister(id);
    this.#forget(own);
    this.#env.events.emit('instance.deregistered', { instance: id, service });
  }

  #refused(own: Own, error: unknown): void {
    const { id, service } = own.instance;
    if (own.state === 'leaving') {
      this.#forget(own);
    } else if (own.first) {
      this.#forget(own);
      own.first.reject(error);
    } else if (own.state !== 'refused') {
      own.state = 'refused';
      this.#env.events.emit('instance.refused', { instance: id, service, error: messageOf(error) });
      this.#env.logger.error({ err: error, instance: id }, 'the registry refuses this instance; trying on');
    }
    // Nobody waits for the change that was refused, so that it cannot be told; what was taken before is taken again.
    if (own.accepted && own.instance !== own.accepted && isFwkError(error, 'FWK_DISCOVERY_INSTANCE_INVALID')) {
      own.instance = own.accepted;
      this.#push(own);
    }
  }

  #with(id: string): readonly Own[] {
    return [...this.#all].filter(({ instance }) => instance.id === id);
  }

  #forget(own: Own): void {
    this.#all.delete(own);
    for (const out of own.left) out();
    own.left.clear();
  }
}

function isUnavailable(error: unknown): boolean {
  return isFwkError(error, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE');
}
