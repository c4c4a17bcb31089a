import type { ServerResponse } from 'node:http';
import type { Drain } from '@fwk/core';
import type { Env, TimeLimits } from '@fwk/kernel';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { WireAnswer } from './answer.js';
import type { PeerCheck } from './server-tls.js';
import type { TrustCheck } from './trusted-networks.js';

/** What all routes of a server share. */
export interface ServerParts {
  readonly env: Env;
  readonly drain: Pick<Drain, 'draining' | 'track'>;
  readonly idempotency: IdempotencyStore;
  /** Limits the time of each request. */
  readonly limits: TimeLimits;
  readonly bodyLimitBytes: number;
  /** What stands for the address of every caller; undefined where each has its own. */
  readonly callerAddress: string | undefined;
  /** Whether a caller at an address may raise the priority of its calls. */
  readonly trusts: TrustCheck;
  /** Who a caller is by its certificate; refuses one that must show one. */
  readonly peerOf: PeerCheck;
  /** Puts an answer on the wire, by the rules of the whole server. */
  readonly write: (response: ServerResponse, answer: WireAnswer) => void;
}
