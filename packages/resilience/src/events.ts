/** The events of this package: name and what it says. */
export const resilienceEvents = Object.freeze({
  'attempt.timed-out': 'An attempt ran into its own limit.',
  'attempt.answered-late': 'An attempt that had been given up answered after all; the answer was dropped.',
  'deadline.exceeded': 'The total time of a call ran out.',
  'retry.scheduled': 'An attempt failed and another will follow after a pause.',
  'retry.exhausted': 'An attempt failed and no other follows: attempts, time or the breaker stand against it.',
  'retry.budget-exhausted': 'An attempt failed and no other follows because too many calls retry already.',
  'breaker.opened': 'A breaker refuses calls from now on; carries the opening record.',
  'breaker.half-opened': 'A breaker lets a few probes through.',
  'breaker.closed': 'A breaker lets all calls through again.',
  'breaker.forced': 'Somebody set a breaker’s state by hand.',
  'breaker.threshold-exceeded': 'A breaker that only measures would have opened.',
  'breaker.listener-failed': 'A listener on the opossum object threw; nobody else noticed.',
  'hedge.sent': 'An attempt took unusually long and a second was sent beside it.',
  'hedge.won': 'The second attempt answered first.',
  'hedge.budget-exhausted': 'An attempt took unusually long and no second was sent because the retry budget is empty.',
  'bulkhead.rejected': 'A call was refused because all places were taken.',
  'rate-limit.rejected': 'A call was refused because calls come faster than allowed.',
  'cache.answered-stale': 'A cache gave an old answer because the call for a new one failed.',
  'cache.refresh-failed': 'A cache could not renew an answer in the background; it is tried again when somebody asks.',
  'coalesce.overflowed': 'A call was sent on its own because as many keys as allowed were in flight.',
  'throttle.rejected': 'A call was not sent because the callee refuses too many.',
  'fallback.answered': 'A fallback answered instead of the call.',
  'fallback.failed': 'A fallback was asked and failed as well.',
  'classifier.failed': 'The classifier threw; the call was counted as a failure.',
  'policy.changed': 'Changed named policies are in force; carries the paths that changed.',
  'policy.refused': 'Changed named policies were refused, with the reasons; those before them stay in force.',
  'policy.forced': 'Somebody set the breakers of a policy by hand.',
  'policy.reset': 'Somebody put a policy back to its initial state.',
});

/** The name of an event of this package. */
export type ResilienceEvent = keyof typeof resilienceEvents;
