import type { Drain, Usage } from '@fwk/core';
import type { Env, TimeLimits } from '@fwk/kernel';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { ServerLoad } from '../wire/load-text.js';
import type { OpenStreams } from './open-streams.js';
import type { TrustCheck } from './trusted-networks.js';

/** What a server needs of the drain of its application. */
export type ServerDrain = Pick<Drain, 'draining' | 'track' | 'onDrain'>;

/** Made once: a literal with a `Symbol.dispose` is dear. */
const untracked: Disposable = { [Symbol.dispose]() {} };

/** That of a server without an application. */
export const aloneDrain: ServerDrain = { draining: false, track: () => untracked, onDrain: () => untracked };

/** What all routes of a server share, for all wires. */
export interface ServerParts {
  readonly env: Env;
  readonly drain: ServerDrain;
  readonly idempotency: IdempotencyStore;
  /** Limits the time of each request. */
  readonly limits: TimeLimits;
  /** The streams under way. */
  readonly streams: OpenStreams;
  /** What is told of its load on answers; undefined where nothing is. */
  readonly load: ServerLoad | undefined;
  /** Where what callers use is counted; undefined where nobody asks. */
  readonly usage: Pick<Usage, 'account'> | undefined;
  /** Whether a caller at an address may raise the priority of its calls. */
  readonly trusts: TrustCheck;
}
