/** Assertions on policies, for tests of applications under any test runner. */
export type { BreakerExpectation, PolicyExpectation } from './testing/policy-expectation.js';
export { type WatchedPolicy, watchPolicy } from './testing/watch-policy.js';
