import type { ErrorTable } from '@fwk/kernel';

/** The codes of this package. */
export const resilienceErrors = Object.freeze({
  FWK_RESILIENCE_TIMEOUT: {
    summary: 'One attempt took longer than its limit. Raise `timeoutMs`, or find out why the callee was slow.',
    status: 504,
  },
  FWK_RESILIENCE_BREAKER_OPEN: {
    summary:
      'The circuit breaker refused the call; `rule`, `measured` and `threshold` say what opened it, `nextProbeInMs` when it tries again.',
    status: 503,
    told: ['state', 'rule', 'measured', 'threshold', 'nextProbeInMs'],
  },
  FWK_RESILIENCE_KEY_INVALID: {
    summary: 'A key function threw or answered no string, so the call was not sent; `cause` says what happened in it.',
    status: 500,
  },
  FWK_RESILIENCE_BULKHEAD_FULL: {
    summary:
      'As many calls as allowed run or wait already, or the longest wait is over. Send less at once, or raise `maxConcurrent`, `maxQueue` or `maxWaitMs`.',
    status: 503,
  },
  FWK_RESILIENCE_RATE_LIMITED: {
    summary:
      'Calls come faster than allowed. Come back after `retryAfterMs`, send less, or raise what the limit allows.',
    status: 429,
  },
  FWK_RESILIENCE_LIMIT_EXCEEDED: {
    summary:
      'As many calls are in flight as the callee was found to bear. Send less at once, or give it more capacity.',
    status: 503,
  },
  FWK_RESILIENCE_THROTTLED: {
    summary: 'The callee refuses so many calls that this one was not sent. Wait until it has recovered, or send less.',
    status: 503,
  },
  FWK_RESILIENCE_FAULT_INJECTED: {
    summary: 'The call failed on purpose: fault injection is on. Switch it off if this is no test or exercise.',
    status: 503,
  },
  FWK_RESILIENCE_FALLBACK_FAILED: {
    summary: 'The call failed and so did its fallback; `cause` is the fallback’s error, `original` the call’s own.',
    status: 502,
  },
  FWK_RESILIENCE_POLICY_UNKNOWN: {
    summary: 'A policy was asked for by a name that nobody defined; the message lists the known ones.',
    status: 500,
  },
  FWK_RESILIENCE_POLICY_UNPROVIDED: {
    summary:
      'A warning of the process: `@Policy` does nothing on an instance that no application made. Let the container of an application build it.',
    status: 500,
  },
  FWK_RESILIENCE_POLICY_NOT_IN_USE: {
    summary:
      'No policy of that name is in use; the message lists those that are. One is in use once a place asked for it.',
    status: 404,
  },
  FWK_RESILIENCE_ENDPOINT_NOT_IN_USE: {
    summary:
      'A policy was to be set by hand for one endpoint, and stands before none with that id; the message lists some that it has.',
    status: 404,
  },
  FWK_RESILIENCE_NO_BREAKER: {
    summary: 'A policy was to be set by hand that has no breaker; look under `/manage/policies` for those that have.',
    status: 409,
  },
  FWK_RESILIENCE_CHANGE_INVALID: {
    summary: 'A policy cannot be set by hand to what was asked for; the message says why, and nothing was changed.',
    status: 400,
  },
  FWK_RESILIENCE_STATE_UNKNOWN: {
    summary: 'A breaker was to be set by hand to a state that does not exist; the message lists those that do.',
    status: 400,
  },
  FWK_RESILIENCE_ENGINE_METHOD: {
    summary:
      'A method of the opossum object was called whose work is done elsewhere here; the message says where. Reading, listening, opening and closing work.',
    status: 500,
  },
}) satisfies ErrorTable;
