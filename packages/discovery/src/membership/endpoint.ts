import { type ContextKey, contextKey } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import { type Mounts, mountsSaid, readMounts } from '../mounts.js';
import { readWires, type Wire } from './wires.js';

/**
 * One place to send calls to. The same object for as long as the same process answers there, so whoever keeps connections
 * or statistics keys them by it; only `instance` is replaced when its facts change.
 */
export interface Endpoint {
  readonly id: string;
  /** Host name or IP address; the path of a Unix socket. */
  readonly address: string;
  /** 1 to 65 535; 0 for a Unix socket. */
  readonly port: number;
  /** Path of the Unix socket where it listens; absent for an address and a port. */
  readonly socketPath?: string;
  /** The newest facts: status, weight, metadata. */
  readonly instance: Instance;
  /**
   * Base URL without a path: `http://127.0.0.1:4001`, `unix:/run/inventory.sock`; `mux://127.0.0.1:4001` for a server
   * that speaks only Mux, without TLS.
   */
  readonly url: string;
  /** The wires it serves, at least one. */
  readonly wires: readonly Wire[];
  /** Where its contracts are over HTTP; absent where all of them are at the root. */
  readonly mounts?: Mounts | undefined;
}

/** The endpoint that the balancer chose for this attempt; undefined outside a balanced call. */
export const endpointKey: ContextKey<Endpoint | undefined> = contextKey<Endpoint | undefined>('endpoint', undefined);

/** Keeps the attempts of one logical call together. Made by whoever makes the attempts, and changed from one to the next. */
export interface EndpointChoice {
  /** Where the last attempt went; the balancer says it. */
  last: Endpoint | undefined;
  /** Whether the next attempt goes there too, whatever its state, as long as it is a member. */
  keep: boolean;
}

/** Where attempts of this call went, and whether they stay there; undefined: each goes wherever it is best. */
export const endpointChoiceKey: ContextKey<EndpointChoice | undefined> = contextKey<EndpointChoice | undefined>(
  'endpoint choice',
  undefined,
);

/** An endpoint whose instance can be replaced; only the membership that made it does so. */
export class InstanceEndpoint implements Endpoint {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly url: string;
  readonly wires: readonly Wire[];
  readonly mounts: Mounts | undefined;
  instance: Instance;
  /** Number of the last list that it was in; 0 for none, and once another has taken its id. */
  list = 0;
  /** Where it stands in that list. */
  place = 0;

  constructor(instance: Instance) {
    this.id = instance.id;
    this.address = instance.address;
    this.port = instance.port;
    this.instance = instance;
    this.wires = readWires(instance.metadata?.wires);
    this.mounts = readMounts(mountsSaid(instance.metadata));
    const plain = this.wires.includes('http') ? 'http' : 'mux';
    const scheme = instance.metadata?.scheme === 'https' ? 'https' : plain;
    const host = instance.address.includes(':') ? `[${instance.address}]` : instance.address;
    this.url = `${scheme}://${host}:${instance.port}`;
  }

  /** Whether these are new facts about the same process at the same place. */
  continues(instance: Instance): boolean {
    if (instance === this.instance) return true;
    const { id, address, port, startedAtMs, metadata } = instance;
    const { startedAtMs: started, metadata: known } = this.instance;
    return (
      id === this.id &&
      address === this.address &&
      port === this.port &&
      startedAtMs === started &&
      metadata?.scheme === known?.scheme &&
      metadata?.wires === known?.wires &&
      mountsSaid(metadata) === mountsSaid(known)
    );
  }
}
