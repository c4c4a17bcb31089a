/** Something whose inner service decides; read when somebody asks, since the inner service of a live policy may change. */
export interface LimitsAsInner {
  readonly next: object;
}

const selfLimiting = new WeakMap<object, 'itself' | LimitsAsInner>();

/**
 * Remembers that a service settles as soon as its context is cancelled or its deadline passes, whatever the work below
 * does. Every service should; functions and handlers that people write often do not. Above one that is known to, a
 * deadline needs no timer, no race and no cancellation of its own: it only says what the deadline is.
 * @param asInner - given for a service which adds no waiting of its own, so that the one inside it decides.
 */
export function markSelfLimiting(service: object, asInner?: LimitsAsInner): void {
  selfLimiting.set(service, asInner ?? 'itself');
}

/** True for a service that was marked, or whose innermost marked one was. */
export function isSelfLimiting(service: object): boolean {
  const how = selfLimiting.get(service);
  return how === 'itself' || (how !== undefined && isSelfLimiting(how.next));
}
