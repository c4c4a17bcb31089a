import { expect, test } from 'vitest';
import { usedCall } from './used-call.js';

const request = { caller: 'claimed', body: '{"größe":1}', peer: undefined };
const used = (change: object = {}, status = 200, answer?: string) =>
  usedCall({ ...request, ...change } as Parameters<typeof usedCall>[0], 5, status, answer);

const fingerprint = 'AB:CD';
test.each([
  ['what it claims, where nothing proves it', {}, 'claimed', false],
  [
    'the name of its certificate, whatever it claims',
    { peer: { name: 'web', names: ['a'], fingerprint } },
    'web',
    true,
  ],
  [
    'what the certificate is for, where it names no subject',
    { peer: { name: '', names: ['a'], fingerprint } },
    'a',
    true,
  ],
  [
    'the fingerprint of a certificate that says nothing',
    { peer: { name: '', names: [], fingerprint } },
    fingerprint,
    true,
  ],
  ['nobody, where it says nothing', { caller: undefined }, undefined, false],
])('a caller is %s', (_, change, caller, proven) => {
  expect(used(change)).toMatchObject({ caller, proven });
});

test('bodies count in bytes, an answer without a body as none', () => {
  expect(used({}, 200, '"ä"')).toMatchObject({ requestBytes: 13, responseBytes: 4, timeMs: 5, failed: false });
  expect(used({ body: '' }, 204)).toMatchObject({ requestBytes: 0, responseBytes: 0 });
});

test.each([
  [200, false],
  [429, false],
  [499, false],
  [500, true],
  [504, true],
])('status %d counts as failed: %s', (status, failed) => {
  expect(used({}, status).failed).toBe(failed);
});
