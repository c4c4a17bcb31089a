/** What clients and servers take of a policy follows from the table of its layers, in types and while they run. */
import { type ClientPolicyOptions, type ServerPolicyOptions as OfServer, policyFields } from '@fwk/resilience';
import { expect, expectTypeOf, test } from 'vitest';
import { shop } from '../fixtures/shop-contract.js';
import type { ServerPolicyOptions } from '../serving/server-policy-options.js';
import { checkServerPolicyOptions } from '../serving/server-policy-options.js';
import { type ClientOptions, checkClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const ofClient = policyFields('call', 'endpoint');
const ofServer = policyFields('server');

test.each(ofClient.filter((field) => field !== 'fallback'))(
  'a client takes %s, and hands it to its policy',
  (field) => {
    expect(checkClientOptions('client', { [field]: false } as Partial<ClientOptions>).policy).toEqual({
      [field]: false,
    });
  },
);

test.each(ofServer)('a server takes %s', (field) => {
  expect(checkServerPolicyOptions('server', { [field]: false } as ServerPolicyOptions)).toEqual({ [field]: false });
});

test('a server takes nothing that has no place before it', () => {
  const others = ofClient.filter((field) => !(ofServer as readonly string[]).includes(field));
  expect(others).toContain('retry');
  for (const field of others) {
    expect(() => checkServerPolicyOptions('server', { [field]: {} } as ServerPolicyOptions)).toThrowError(
      `unknown option "${field}"`,
    );
  }
});

test('the types are those of the table', () => {
  expectTypeOf<keyof ClientOptions>().extract<keyof ClientPolicyOptions>().toEqualTypeOf<keyof ClientPolicyOptions>();
  expectTypeOf<keyof ServerPolicyOptions>().extract<keyof OfServer>().toEqualTypeOf<keyof OfServer>();
  expectTypeOf<(typeof ofClient)[number]>().toEqualTypeOf<keyof ClientPolicyOptions>();
  expectTypeOf<(typeof ofServer)[number]>().toEqualTypeOf<keyof OfServer>();
});

test('how an attempt ends is an option of a client as of any policy, and means nothing without a time', () => {
  const make = (options: Partial<ClientOptions>) =>
    createClient(shop, { endpoints: ['http://127.0.0.1:1'], ...options } as never);
  expect(() => make({ timeoutMode: 'cooperative', timeoutMs: 100 })).not.toThrowError();
  expect(() => make({ timeoutMode: 'sometimes' as never, timeoutMs: 100 })).toThrowError(
    'mode must be one of give-up, cooperative',
  );
});
