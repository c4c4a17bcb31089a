/**
 * The instances that this process has registered, and getting the registry to know them: at first, after each change, after
 * each loss. Requests for one instance follow each other and always carry its newest facts, so that an older state cannot
 * overtake a newer one.
 */
import { background, type CallContext, type Env, isFwkError, messageOf } from '@fwk/kernel';
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

interface Own {
  instance: Instance;
  /** Requests so far, one after the other. */
  work: Promise<void>;
  state: 'pending' | 'registered' | 'refused' | 'leaving';
  /** The registry does not have the newest facts. */
  dirty: boolean;
  /** A registry may have heard of it. */
  sent: boolean;
  /** Set once it is being taken out. */
  left: Promise<void> | undefined;
  /** Settles the first registration; undefined once it is settled. */
  first: { resolve(): void; reject(error: unknown): void } | undefined;
}

/** The registrations of one process. */
export class OwnInstances {
  readonly #env: Env;
  readonly #all = new Map<string, Own>();
  /** Set while the registry answers. */
  #client: InstanceWriter | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Ids to renew. */
  get ids(): readonly string[] {
    return [...this.#all].filter(([, own]) => own.state !== 'leaving').map(([id]) => id);
  }

  /** The registry answers: it is told of everything, also of what leaves. */
  joined(client: InstanceWriter): void {
    this.#client = client;
    for (const own of this.#all.values()) this.#push(own);
  }

  lost(): void {
    this.#client = undefined;
  }

  /** Registers again what the registry does not know, and what it knows in an older state. */
  repair(unknown: readonly string[]): void {
    for (const [id, own] of this.#all) {
      if (own.state === 'registered' && (own.dirty || unknown.includes(id))) this.#push(own);
      else if (own.state === 'refused' || (own.state === 'pending' && unknown.includes(id))) this.#push(own);
    }
  }

  async register(given: Instance, context: CallContext = background): Promise<Registration> {
    if (context.cancelled) throw context.reason;
    const instance = parseInstance(given);
    const holder = this.#all.get(instance.id);
    if (holder && holder.state !== 'leaving') {
      throw new DuplicateInstanceError(instance.id, describeInstance(holder.instance), describeInstance(instance));
    }
    const own: Own = {
      instance,
      work: holder?.work ?? Promise.resolve(),
      state: 'pending',
      dirty: true,
      sent: false,
      left: undefined,
      first: undefined,
    };
    this.#all.set(instance.id, own);
    await new Promise<void>((resolve, reject) => {
      const subscription = context.onCancel((reason) => {
        void this.#leave(own);
        reject(reason);
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
    for (const own of [...this.#all.values()]) {
      if (own.state === 'pending') this.#refused(own, error);
    }
  }

  /** Takes all out; for closing. @param error - what those are told who still wait to be registered. */
  async leaveAll(error: unknown): Promise<void> {
    const all = [...this.#all.values()];
    for (const own of all) own.first?.reject(error);
    await Promise.all(all.map((own) => this.#leave(own)));
  }

  #registration(own: Own): Registration {
    return {
      get instance() {
        return own.instance;
      },
      ...ownWord(this.#env.clock, async (make) => {
        if (own.state === 'leaving') return;
        own.instance = make(own.instance);
        own.dirty = true;
        await this.#push(own);
      }),
      deregister: () => this.#leave(own),
    };
  }

  #leave(own: Own): Promise<void> {
    own.left ??= this.#depart(own);
    return own.left;
  }

  async #depart(own: Own): Promise<void> {
    own.state = 'leaving';
    if (!own.sent) {
      this.#forget(own);
      return;
    }
    const { clock } = this.#env;
    await new Promise<void>((resolve) => {
      // Bounded, and finished by the next registry if this one has just gone.
      const timer = clock.setTimer(resolve, DEREGISTER_LIMIT_MS);
      own.first = {
        resolve: () => {
          clock.clearTimer(timer);
          resolve();
        },
        reject: () => {},
      };
      void this.#push(own);
    });
    this.#forget(own);
  }

  /** Brings the registry to what is wanted, after what is under way for the same instance. */
  #push(own: Own): Promise<void> {
    own.work = own.work.then(() => this.#bring(own));
    return own.work;
  }

  async #bring(own: Own): Promise<void> {
    const client = this.#client;
    // Nobody there: it is done when somebody is.
    if (!client || this.#all.get(own.instance.id) !== own) return;
    try {
      if (own.state === 'leaving') await this.#deregister(own, client);
      else await this.#register(own, client);
    } catch (error) {
      // The registry will be lost, or the next renewal repairs it.
      if (!isFwkError(error, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE')) this.#refused(own, error);
    }
  }

  async #register(own: Own, client: InstanceWriter): Promise<void> {
    const { instance } = own;
    const { id, service } = instance;
    const again = own.first === undefined;
    const news = own.state !== 'registered' || !own.dirty;
    own.sent = true;
    await client.register(instance);
    if (own.instance === instance) own.dirty = false;
    if (own.state === 'leaving') return;
    own.state = 'registered';
    own.first?.resolve();
    if (news) this.#env.events.emit('instance.registered', { instance: id, service, again });
  }

  async #deregister(own: Own, client: InstanceWriter): Promise<void> {
    const { id, service } = own.instance;
    await client.deregister(id);
    own.first?.resolve();
    this.#env.events.emit('instance.deregistered', { instance: id, service });
  }

  #refused(own: Own, error: unknown): void {
    const { id, service } = own.instance;
    if (own.state === 'leaving') {
      own.first?.resolve();
    } else if (own.first) {
      this.#forget(own);
      own.first.reject(error);
    } else if (own.state !== 'refused') {
      own.state = 'refused';
      this.#env.events.emit('instance.refused', { instance: id, service, error: messageOf(error) });
      this.#env.logger.error({ err: error, instance: id }, 'the registry refuses this instance; trying on');
    }
  }

  #forget(own: Own): void {
    if (this.#all.get(own.instance.id) === own) this.#all.delete(own.instance.id);
  }
}
