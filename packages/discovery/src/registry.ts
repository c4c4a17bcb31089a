/**
 * The seam to whatever knows which instances run where. A backend is one object with these methods that passes the
 * contract suite in `@fwk/discovery/testing`. It keeps its registrations alive by itself (leases, re-registration after a
 * loss) and never throws away what it knew because it lost its server: lists stay, marked stale.
 */
import type { CallContext, Env, HealthReport, Live } from '@fwk/kernel';
import type { Instance, InstanceStatus } from './instance.js';
import type { Override } from './override.js';

/** One source of truth about instances, as one application uses it. */
export interface Registry {
  /** For messages and management: `memory`, `local 127.0.0.1:4810`. */
  readonly name: string;
  /** Whether the registry answers. Backends that cannot be lost are always connected. */
  readonly connection: Live<RegistryConnection>;
  /** Health of the TLS files that it connects with; missing or undefined without such files. */
  readonly tlsHealth?: HealthReport | undefined;
  /**
   * Registers an instance and keeps it registered. Waits, as long as the context allows, for a registry that is not there;
   * a definite refusal rejects at once.
   * @throws DuplicateInstanceError, InstanceInvalidError, RegistryDeniedError, RegistryFullError, RegistryClosedError
   */
  register(instance: Instance, context?: CallContext): Promise<Registration>;
  /** Watches one service, by its name. Several watches of one service cost as much as one. */
  watch(service: string): Watch;
  /** Watches the names of services that have at least one instance. */
  services(): ServicesWatch;
  /** What operators say of instances. Missing where the backend has its own means for it, as Consul's maintenance. */
  readonly overrides?: Overrides;
  /**
   * A connection of its own for one application, with the application's clock, events and log, closed on its own. Where it
   * is missing the registry itself is used and closed.
   */
  connect?(env: Env): Registry;
  /** Deregisters what is still registered, ends all watches (their last lists stay readable) and frees all resources. */
  close(): Promise<void>;
}

/** Whether a registry answers. */
export interface RegistryConnection {
  readonly state: 'connecting' | 'connected' | 'lost' | 'closed';
  /** Wall-clock milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why it was lost; while it is connected, why it does not take what is registered. */
  readonly reason?: string;
}

/**
 * One's own instance in a registry. A change that the registry definitely refuses rejects, and leaves the instance as it
 * was; while the registry is away, changes are taken and told when it is back.
 */
export interface Registration {
  /** As it was last registered or changed. */
  readonly instance: Instance;
  /**
   * @param cause - why, for people, up to 200 characters. @defaultValue 'it said so'
   * @throws InstanceInvalidError, and what else the registry refuses.
   */
  setStatus(status: InstanceStatus, cause?: string): Promise<void>;
  /**
   * Replaces the metadata.
   * @param cause - as for the status. @defaultValue 'its metadata changed'
   * @throws InstanceInvalidError, and what else the registry refuses.
   */
  update(metadata: Readonly<Record<string, string>>, cause?: string): Promise<void>;
  /**
   * Takes the instance out at once. Waits a second at most for a registry that is slow or away, which takes it out when it
   * can. Doing it again does nothing.
   */
  deregister(): Promise<void>;
}

/** Statuses that win over what instances say of themselves, until they are lifted. */
export interface Overrides {
  /** Sets what holds for the instance of this id, now and when it is registered again. @throws InstanceInvalidError */
  set(id: string, override: Pick<Override, 'status' | 'cause' | 'actor'>): Promise<void>;
  /** The instance's own word counts again. @returns whether there was anything to lift. @throws InstanceInvalidError */
  lift(id: string): Promise<boolean>;
}

/** A watched service. */
export interface Watch extends Disposable {
  /** All instances, whatever their status; a new array with each change. */
  readonly instances: Live<readonly Instance[]>;
  /** True once the first list was received; an empty list before that means nothing. */
  readonly known: Live<boolean>;
  /**
   * Says that connections to an instance fail, so that a registry that only asks now and then asks soon. Cheap, called as
   * often as connections fail; the registry bounds what comes of it. Missing where changes are heard of as they come.
   */
  suspect?(instance: Instance): void;
}

/** The watched names of services. */
export interface ServicesWatch extends Disposable {
  /** Sorted names. */
  readonly names: Live<readonly string[]>;
  readonly known: Live<boolean>;
}
