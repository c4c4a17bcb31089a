/** What judging endpoints needs to know of them, of the set they are in, and of how calls ended. */
import type { CallContext } from '@fwk/kernel';
import type { Endpoint } from '../membership/endpoint.js';
import type { Check } from './reconnects.js';
import type { Starting } from './slow-start.js';

/** One endpoint as it is judged. */
export interface Host extends Starting {
  readonly endpoint: Endpoint;
  readonly inFlight: number;
  /** True once it has left the list. */
  readonly removed: boolean;
  /** Whether it is UP. */
  readonly up: boolean;
  /** Undefined where only a call can tell whether there is a connection. */
  readonly check: Check | undefined;
}

/** The endpoints of one balanced service. */
export interface HostSet<H> {
  readonly hosts: Iterable<H>;
  /** How many are UP. */
  readonly upCount: number;
  /** Whether a call may go to an endpoint, for all that its layers and the call say; ejection aside. */
  admits(host: H, request: unknown, context: CallContext): boolean;
  /** Others are out now, or the share of one has changed. */
  changed(): void;
}

/** How a call failed. */
export interface Failure {
  /** The rule that the failure counts for; undefined when it says nothing about whether the endpoint works. */
  readonly rule: 'connection-failed' | 'consecutive-failures' | undefined;
  /** True when it counts against the host whichever operation failed: no connection could be made. */
  readonly certain: boolean;
  /** True when a limit of time ran out. */
  readonly timedOut: boolean;
  /** Name of the operation; empty where nobody says. */
  readonly operation: string;
  readonly error: unknown;
}
