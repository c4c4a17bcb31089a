import { isSecretName, redact } from '@fwk/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.js';

/** What must never be written. No text of its own form, so that only the place where it stands makes it a secret. */
const secret = 'hunter2zq';

const secretNames = fc
  .constantFrom(
    'password',
    'apiKey',
    'DB_PASSWORD',
    'client-secret',
    'accessToken',
    'x-api-key',
    'privateKey',
    'pin',
    'jwt',
  )
  .chain((name) => fc.tuple(fc.constantFrom('', 'old', 'user'), fc.constant(name)))
  .map(([before, name]) => (before === '' ? name : `${before}_${name}`));

const plainNames = fc.constantFrom('order', 'list', 'name', 'note', 'config', 'request', 'body', 'a', '0', '__proto__');

/** Anything that holds the secret where a judge can know it: under a name, in a header, in a URL, in a header line. */
const held: fc.Arbitrary<unknown> = fc.oneof(
  secretNames.map((name) => ({ [name]: secret })),
  secretNames.map((name) => ({ [name]: [secret, { deeper: secret }] })),
  secretNames.map((name) => ({ [name]: new Set([secret]) })),
  secretNames.map((name) => ({ [name]: Buffer.from(secret) })),
  secretNames.map((name) => ({ [name]: new String(secret) })),
  secretNames.map((name) => ({ [name]: { toJSON: () => secret } })),
  secretNames.map((name) => new Map([[name, secret]])),
  secretNames.map((name) => ({ name, value: secret })),
  secretNames.map((name) => Object.assign(new Error('failed'), { [name]: secret })),
  secretNames.map((name) => Object.assign(new Error('failed'), { details: { [name]: secret } })),
  secretNames.map((name) => new Error('failed', { cause: { [name]: secret } })),
  secretNames.map((name) => `${name}=${secret}`),
  secretNames.map((name) => `--${name.replaceAll('_', '-')} ${secret}`),
  secretNames.map((name) => JSON.stringify({ [name]: secret })),
  secretNames.map((name) => new URL(`https://example.org/path?a=1&${name}=${secret}`)),
  fc.constantFrom(
    `postgres://app:${secret}@db:5432/shop`,
    new Error(`cannot reach redis://:${secret}@cache`),
    { authorization: `Bearer ${secret}` },
    { headers: { Cookie: `sid=${secret}`, 'proxy-authorization': `Basic ${secret}` } },
    { rawHeaders: ['Authorization', `Digest ${secret}`, 'Accept', 'x'] },
    [['Authorization', secret]].map(([name, value]) => ({ name, value })),
    `Authorization: Bearer ${secret}`,
    new AggregateError([new Error(`amqps://user:${secret}@queue/`)], 'all failed'),
  ),
);

/** Puts it at any depth into what else is logged. */
const wrapped = fc.letrec<{ readonly tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 10, withCrossShrink: true },
    held,
    fc.tuple(plainNames, tie('tree'), fc.jsonValue({ maxDepth: 1 })).map(([name, value, more]) => {
      return Object.fromEntries([
        ['more', more],
        [name, value],
      ]);
    }),
    fc.tuple(tie('tree'), fc.jsonValue({ maxDepth: 1 })).map(([value, more]) => [more, value]),
    tie('tree').map((value) => new Map([['entry', value]])),
    tie('tree').map((value) => new Set([value])),
    tie('tree').map((value) => new Error('outer', { cause: value })),
    tie('tree').map((value) => new AggregateError([value], 'outer')),
    tie('tree').map((value) => ({ toJSON: () => value })),
    tie('tree').map((value) => Object.assign(Object.create({ inherited: 1 }), { value: [value] })),
  ),
})).tree;

describe('whatever is logged, no line holds a secret', () => {
  test.each(['json', 'pretty'] as const)('as %s', (format) => {
    fc.assert(
      fc.property(wrapped, wrapped, (fields, binding) => {
        const lines: string[] = [];
        const logger = createLogger({ destination: { write: (line) => void lines.push(line) }, format });
        logger.child({ binding }).error({ fields }, 'failed');
        logger.error(fields as Record<string, unknown>, fields as string);
        expect(lines).toHaveLength(2);
        expect(lines.join('')).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });
});

test('the judge remembers harmless names and judges as before', () => {
  const names = ['order', 'tokens', 'auth', 'password', 'maxTokens'];
  const values = ['user:password', 'x', 5, {}, true];
  const verdicts = () => names.map((name) => values.map((value) => isSecretName(name, value)));
  const first = verdicts();
  for (let index = 0; index < 3000; index++) redact({ [`field${index}`]: 'x' });
  expect(verdicts()).toEqual(first);
  expect(verdicts()).toEqual(first);
});
