/** Policies as an application has them: in its container with all its scopes, and under `/manage/policies`. */
import { readFile } from 'node:fs/promises';
import { createContainer, Injectable } from '@fwk/core';
import { testApp } from '@fwk/core/testing';
import { CircuitBreaker, policyRegistryToken, resilience } from '@fwk/resilience';
import { expect, test } from 'vitest';

let sent = 0;

@Injectable({ scope: 'request' })
class Prices {
  @CircuitBreaker({ consecutiveFailures: 2, openMs: 60_000 })
  async quote(): Promise<number> {
    sent++;
    throw new Error('down');
  }
}

test('a decorated method of a request-scoped class has one breaker for all requests', async () => {
  await using container = createContainer();
  for (let request = 0; request < 10; request++) {
    const scope = container.createScope();
    await scope
      .get(Prices)
      .quote()
      .catch(() => {});
    await scope.dispose();
  }
  expect(sent).toBe(2);
  expect(container.get(policyRegistryToken).list()).toHaveLength(1);
});

test.each([
  ['GET', 'nope', undefined, 404, /no policy called "nope" is in use; in use: payments, plain/],
  ['PUT', 'nope', { state: 'reset' }, 404, /no policy called "nope" is in use; in use: payments, plain/],
  ['PUT', 'payments', { state: 'ajar' }, 400, /state must be one of forced-open, .*metrics-only, reset, not "ajar"/],
  ['PUT', 'plain', { state: 'forced-open' }, 409, /policy "plain" has no breaker to set by hand/],
  ['PUT', 'payments', {}, 400, /state must be one of .*, not undefined/],
  ['PUT', 'payments', undefined, 400, /state must be one of/],
] as const)('%s /manage/policies/%s with %o answers %i and says why', async (method, name, body, status, detail) => {
  const lines: string[] = [];
  await using app = await testApp({
    use: [resilience({ policies: { payments: { breaker: {} }, plain: {} } })],
    management: { port: 0 },
    logging: { level: 'error', destination: { write: (line) => void lines.push(line) } },
  });
  for (const used of ['payments', 'plain']) app.get(policyRegistryToken).named(used);
  const response = await fetch(`${app.managementUrl}/manage/policies/${name}`, {
    method,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await readFile(app.managementTokenFile ?? '', 'utf8')}`,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect([response.status, await response.json()]).toEqual([
    status,
    expect.objectContaining({ status, detail: expect.stringMatching(detail) }),
  ]);
  expect(lines).toEqual([]);
});
