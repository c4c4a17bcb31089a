import type { Service } from '@fwk/kernel';

const selfLimiting = new WeakSet<object>();

/**
 * Remembers that a service settles as soon as its context is cancelled or its deadline passes, whatever the work below
 * does. Every service should; functions and handlers that people write often do not. Above one that is known to, a
 * deadline needs no timer, no race and no cancellation of its own: it only says what the deadline is.
 */
export function markSelfLimiting(service: object): void {
  selfLimiting.add(service);
}

/** True for a service that was marked. */
export function isSelfLimiting<Req, Res>(service: Service<Req, Res>): boolean {
  return selfLimiting.has(service);
}
