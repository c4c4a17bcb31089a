/** Something whose inner services decide; read when somebody asks, since the inner service of a live policy may change. */
export interface LimitsAsInner {
  readonly next: object | readonly object[];
}

/** What ends a service's calls in time: cancellation alone, or the deadline as well. */
type Limit = 'cancellation' | 'deadline';

const limiting = new WeakMap<object, Limit | LimitsAsInner>();

/**
 * Remembers that a service settles as soon as its context is cancelled or its deadline passes, whatever the work below
 * does. Every service should; functions and handlers that people write often do not. Above one that is known to, a
 * deadline needs no timer, no race and no cancellation of its own: it only says what the deadline is.
 * @param asInner - given for a service which adds no waiting of its own, so that those inside it decide.
 */
export function markSelfLimiting(service: object, asInner?: LimitsAsInner): void {
  limiting.set(service, asInner ?? 'deadline');
}

/**
 * Remembers that a service settles as soon as its context is cancelled, but looks at no deadline. Whoever limits its time
 * cancels it, and needs no promise of its own to end the wait.
 */
export function markCancellable(service: object): void {
  limiting.set(service, 'cancellation');
}

/** True for a service that ends by itself when its deadline passes or its context is cancelled, or whose inner ones all do. */
export function isSelfLimiting(service: object): boolean {
  return endsBy(service, (limit) => limit === 'deadline');
}

/** True for a service that ends at once when its context is cancelled, or whose inner ones all do. */
export function endsWhenCancelled(service: object): boolean {
  return endsBy(service, () => true);
}

function endsBy(service: object, suffices: (limit: Limit) => boolean): boolean {
  const how = limiting.get(service);
  if (how === undefined) return false;
  if (typeof how === 'string') return suffices(how);
  return [how.next].flat().every((inner: object) => endsBy(inner, suffices));
}
