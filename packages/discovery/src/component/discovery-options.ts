import type { PersistOptions } from '../membership/last-known.js';
import type { Registry } from '../registry.js';

/** Options of `discovery()`. */
export interface DiscoveryOptions {
  /** Where instances are known. @defaultValue localRegistry() */
  readonly registry?: Registry;
  /** Where this instance runs. @defaultValue none */
  readonly zone?: string;
  /** Its share of traffic relative to others, above 0 up to 65 535. @defaultValue 1 */
  readonly weight?: number;
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Where the last known lists are kept, so that the application finds its peers although it starts while the registry is
   * down. @defaultValue nowhere
   */
  readonly persist?: Pick<PersistOptions, 'file'> & Partial<PersistOptions>;
  /** How long the start waits for a registry that does not answer, in milliseconds, 0 to 60 000. @defaultValue 3000 */
  readonly registerWaitMs: number;
  /** How long each step of leaving may take, in milliseconds, 0 to 60 000. @defaultValue 1000 */
  readonly leaveWaitMs: number;
}

/** Defaults of `discovery()`. */
export const discoveryDefaults = Object.freeze({
  registerWaitMs: 3000,
  leaveWaitMs: 1000,
}) satisfies Partial<DiscoveryOptions>;
