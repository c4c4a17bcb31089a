/** The events of this package: name and what it says. */
export const resilienceEvents = Object.freeze({
  'attempt.timed-out': 'An attempt ran into its own limit.',
  'attempt.answered-late': 'An attempt that had been given up answered after all; the answer was dropped.',
  'deadline.exceeded': 'The total time of a call ran out.',
  'retry.scheduled': 'An attempt failed and another will follow after a pause.',
  'retry.backoff-failed': 'A function that computes pauses threw or gave none; the pause was the usual one.',
  'retry.exhausted': 'An attempt failed and no other follows: attempts, time or the breaker stand against it.',
  'retry.budget-exhausted': 'An attempt failed and no other follows because too many calls retry already.',
  'breaker.opened': 'A breaker refuses calls from now on; carries the opening record.',
  'breaker.half-opened': 'A breaker lets a few probes through.',
  'breaker.closed': 'A breaker lets all calls through again.',
  'breaker.forced': 'Somebody set a breaker’s state by hand.',
  'breaker.imported': 'A breaker took over a state that was exported before, from here or another process.',
  'breaker.threshold-exceeded': 'A breaker that only measures would have opened.',
  'breaker.listener-failed': 'A listener on the opossum object threw; nobody else noticed.',
  'hedge.sent': 'An attempt took unusually long, or failed, and another was sent; carries which of the two it was.',
  'hedge.won': 'An extra attempt answered first.',
  'hedge.budget-exhausted': 'Another attempt was due and was not sent because the retry budget is empty.',
  'bulkhead.rejected': 'A call was refused because all places were taken, at once or after the longest wait.',
  'rate-limit.rejected': 'A call was refused because calls come faster than allowed.',
  'cache.answered-stale': 'A cache gave an old answer because the call for a new one failed.',
  'cache.refresh-failed': 'A cache could not renew an answer in the background; it is tried again when somebody asks.',
  'coalesce.overflowed': 'A call was sent on its own because as many keys as allowed were in flight.',
  'limit.changed': 'The adaptive limit rose or fell; carries the window that caused it.',
  'limit.rejected': 'A call was refused by the adaptive limit: for lack of a place, or to leave places to others.',
  'throttle.rejected': 'A call was not sent because the callee refuses too many.',
  'fault.switched-on': 'Calls are disturbed on purpose from now on; carries what is injected.',
  'fault.switched-off': 'Calls are not disturbed on purpose any more.',
  'fault.injected': 'A call met a fault on purpose.',
  'fault.match-failed': 'The function that chooses calls for a fault threw; the call was left alone.',
  'fallback.answered': 'A fallback answered instead of the call.',
  'fallback.failed': 'A fallback was asked and failed as well.',
  'policy.changed': 'Changed named policies are in force; carries the paths that changed.',
  'policy.refused': 'Changed named policies were refused, with the reasons; those before them stay in force.',
  'policy.overridden':
    'Somebody put options over those of a policy by hand, or took them away; carries the paths that changed.',
  'policy.forced': 'Somebody set the breakers of a policy by hand, until they are reset; those that come later too.',
  'policy.reset':
    'Somebody closed the breakers of a policy and had them forget what they measured; other layers stay as they are.',
});

/** The name of an event of this package. */
export type ResilienceEvent = keyof typeof resilienceEvents;
