/** Something whose inner services decide; read when somebody asks, since the inner service of a live policy may change. */
export interface LimitsAsInner {
  readonly next: object | readonly object[];
}

const selfLimiting = new WeakMap<object, 'itself' | LimitsAsInner>();

/**
 * Remembers that a service settles as soon as its context is cancelled or its deadline passes, whatever the work below
 * does. Every service should; functions and handlers that people write often do not. Above one that is known to, a
 * deadline needs no timer, no race and no cancellation of its own: it only says what the deadline is.
 * @param asInner - given for a service which adds no waiting of its own, so that those inside it decide.
 */
export function markSelfLimiting(service: object, asInner?: LimitsAsInner): void {
  selfLimiting.set(service, asInner ?? 'itself');
}

/** True for a service that was marked, or whose innermost marked ones all were. */
export function isSelfLimiting(service: object): boolean {
  const how = selfLimiting.get(service);
  if (how === undefined) return false;
  if (how === 'itself') return true;
  return Array.isArray(how.next) ? how.next.every(isSelfLimiting) : isSelfLimiting(how.next);
}
