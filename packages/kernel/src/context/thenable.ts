/** Whether a value is a promise of any kind, without asking it for its end: that starts some kinds, such as query builders. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
