/** An application's own instances in the registry: put in when it is ready, taken out before it stops. */
import {
  type CallContext,
  cancellable,
  type Env,
  type InstanceFacts,
  type Live,
  liveValue,
  settleWithin,
} from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Registration, Registry } from '../registry.js';

/** How long arriving and leaving may take. */
export interface PresenceLimits {
  readonly registerWaitMs: number;
  readonly leaveWaitMs: number;
}

/** Registers and deregisters, both bounded in time; and tells the registry of facts that change. */
export class Presence {
  readonly #registry: Registry;
  readonly #env: Env;
  readonly #limits: PresenceLimits;
  /** Ends registrations that still wait for a registry. */
  readonly #staying = cancellable();
  readonly #registrations: Registration[] = [];
  readonly #counts = liveValue({ wanted: 0, registered: 0 }, { name: 'instances of this application in the registry' });
  readonly #facts: Live<InstanceFacts>;
  readonly #changes: Disposable;
  #arriving: Promise<unknown> = Promise.resolve();
  #left: Promise<void> | undefined;

  /** @param facts - go into the metadata of all instances, now and whenever they change. */
  constructor(registry: Registry, env: Env, limits: PresenceLimits, facts: Live<InstanceFacts>) {
    this.#registry = registry;
    this.#env = env;
    this.#limits = limits;
    this.#facts = facts;
    this.#changes = facts.subscribe(() => {
      for (const registration of this.#registrations) this.#tell(registration);
    });
  }

  /** How many instances should be registered, and how many are. */
  get counts(): Live<{ readonly wanted: number; readonly registered: number }> {
    return this.#counts;
  }

  /** They themselves, as last registered. */
  get instances(): readonly Instance[] {
    return this.#registrations.map(({ instance }) => instance);
  }

  /**
   * Registers; waits a while for a registry that does not answer and then goes on without.
   * @throws whatever the registry definitely refuses.
   */
  async arrive(instances: readonly Instance[], call: CallContext): Promise<void> {
    this.#count(instances.length);
    const work = Promise.all(instances.map((instance) => this.#register(instance)));
    this.#arriving = work.catch(() => {});
    const { clock } = this.#env;
    const limitMs = this.#limits.registerWaitMs;
    const result = await settleWithin(work, { clock, limitMs, context: call, late: () => 'late' as const });
    if (result !== 'late') return;
    const { name, connection } = this.#registry;
    const { state, reason } = connection.value;
    const problem = state === 'connected' ? 'has not taken this application yet' : 'does not answer';
    this.#env.logger.warn({ registry: name, reason }, `the registry ${problem}; starting without being registered`);
    work.catch((error: unknown) => {
      if (this.#staying.context.cancelled) return;
      this.#env.logger.error({ err: error, registry: name }, 'the registry refuses this application');
    });
  }

  /** Stops being found: DRAINING first, so that balancers turn away even where the removal is not seen. */
  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#changes[Symbol.dispose]();
    this.#staying.cancel();
    await this.#bounded(this.#arriving);
    const registrations = this.#registrations.splice(0);
    this.#count(0);
    await this.#bounded(
      Promise.all(registrations.map((registration) => registration.setStatus('DRAINING', 'its application stops'))),
    );
    await this.#bounded(Promise.all(registrations.map((registration) => registration.deregister())));
  }

  async #register(instance: Instance): Promise<void> {
    const metadata = this.#withFacts(instance);
    const told = Object.keys(metadata).length > 0 ? { ...instance, metadata } : instance;
    const registration = await this.#registry.register(told, this.#staying.context);
    this.#registrations.push(registration);
    this.#count(this.#counts.value.wanted);
    // Facts may have changed meanwhile.
    this.#tell(registration);
  }

  #count(wanted: number): void {
    this.#counts.set({ wanted, registered: this.#registrations.length });
  }

  #tell(registration: Registration): void {
    const { instance } = registration;
    const metadata = this.#withFacts(instance);
    if (Object.entries(metadata).every(([name, value]) => instance.metadata?.[name] === value)) return;
    registration.update(metadata).catch((error: unknown) => {
      this.#env.logger.warn(
        { err: error, instance: instance.id },
        'the registry was not told what changed about this instance',
      );
    });
  }

  #withFacts({ metadata }: Instance): Readonly<Record<string, string>> {
    return { ...metadata, ...this.#facts.value };
  }

  /** Waits for work, but not for ever, and not for its success: leaving goes on whatever a registry answers. */
  async #bounded(work: Promise<unknown>): Promise<void> {
    const { clock, logger } = this.#env;
    const done = work.catch((error: unknown) => logger.warn({ err: error }, 'leaving the registry failed'));
    await settleWithin(done, { clock, limitMs: this.#limits.leaveWaitMs, late: () => undefined });
  }
}
