import { makeEnv } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { expect, test } from 'vitest';
import { policy } from '../policy/policy.js';
import { policyRegistry } from '../policy/policy-registry.js';
import { watchPolicy } from '../testing.js';

const fails = () => Promise.reject(new Error('down'));
const worksFrom = (attempt: number) => {
  let attempts = 0;
  return () => (++attempts < attempt ? fails() : Promise.resolve('well'));
};

test('counts from where it began to watch, and from where it was told to begin again', async () => {
  const quote = policy('quote', { retry: { maxAttempts: 3, baseDelayMs: 0 } });
  const call = quote.wrap(worksFrom(3));
  await quote.wrap(worksFrom(2))();
  const watched = watchPolicy(quote);
  await call();
  watched.expect({ calls: 1, successes: 1, retries: 2, acted: ['retry'] });
  watched.restart();
  await call();
  watched.expect({ calls: 1, retries: 0, acted: [] });
  expect(watched.counts).toMatchObject({ calls: 1, successes: 1, retries: 0 });
});

test('says which layers acted, outermost first, and in which state the breakers are', async () => {
  const clock = fakeClock();
  const quote = policy('quote', {
    retry: { maxAttempts: 2, baseDelayMs: 0 },
    breaker: { consecutiveFailures: 2, openMs: 1000 },
    fallback: () => 'instead',
    timeoutMs: 50,
  });
  const watched = watchPolicy(quote);
  const call = quote.wrap(() => new Promise<string>(() => {}), makeEnv({ clock, random: () => 0 }));
  for (let count = 0; count < 2; count++) {
    const answer = call();
    await clock.advance(200);
    expect(await answer).toBe('instead');
  }
  expect(watched.acted).toEqual(['fallback', 'retry', 'circuit-breaker', 'attempt-timeout']);
  watched.expect({
    acted: ['attempt-timeout', 'circuit-breaker', 'retry', 'fallback'],
    timeouts: 2,
    fallbacks: 2,
    breakers: 'open',
  });
  watched.expect({ breakers: { open: 1, closed: 0 } });
});

test('a difference is told with all that happened, as an assertion of Node', async () => {
  const quote = policy('quote', { breaker: { consecutiveFailures: 1 }, retry: { maxAttempts: 2, baseDelayMs: 0 } });
  const watched = watchPolicy(quote);
  await expect(quote.wrap(fails)()).rejects.toThrow();
  expect(() => watched.expect({ calls: 2, failures: 1, acted: ['hedge'], breakers: 'closed' })).toThrow(
    expect.objectContaining({
      code: 'ERR_ASSERTION',
      actual: { calls: 1, failures: 1, acted: watched.acted, breakers: { open: 1 } },
      expected: { calls: 2, failures: 1, acted: ['hedge'], breakers: 'closed' },
      message: expect.stringMatching(
        /^policy "quote" did otherwise than expected: calls: 1, not 2; acted: .*, not hedge; 0 of 1 breakers are closed\n {2}1 calls: 1 failures; acted: .*\n {2}breaker quote.*: open, 1 of 1 calls failed, opened by consecutive-failures: 1 of 1$/,
      ),
    }),
  );
});

test('finds the policies of a registry by name, also those that are used later', async () => {
  const registry = policyRegistry(makeEnv(), { quote: { retry: { maxAttempts: 2, baseDelayMs: 0 } } });
  const watched = watchPolicy(registry, 'quote');
  watched.expect({ calls: 0, acted: [] });
  expect(() => watched.expect({ calls: 1 })).toThrow(/nothing uses a policy of this name/);
  expect(() => watched.expect({ breakers: 'closed' })).toThrow(/there is no breaker, and all were to be closed/);
  await registry.named('quote').wrap(worksFrom(2))();
  watched.expect({ calls: 1, retries: 1 });
});

test('an expectation that would always be met is refused', () => {
  const watched = watchPolicy(policy('quote', {}));
  expect(() => watched.expect({ retires: 0 } as never)).toThrow(
    /"retires" is no count \(known: acted, breakers, calls/,
  );
  expect(() => watched.expect({ acted: ['retries'] })).toThrow(/"retries" is no role of a layer \(known: deadline/);
  expect(() => watched.expect({ breakers: { opened: 0 } as never })).toThrow(/"opened" is no state of a breaker/);
  expect(() => watchPolicy(policyRegistry(), '')).toThrow(/name must say which policy/);
});
