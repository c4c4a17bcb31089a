import type { Server } from 'node:http';
import { makeEnv } from '@fwk/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeRegistry } from '../../fixtures/fake-registry.js';
import { freePort } from '../../fixtures/free-port.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { RegistryClient } from './registry-client.js';
import { Registrant } from './session.js';
import { formatEvent, ping } from './wire.js';

let options: LocalRegistryOptions;
let server: Server;
let say = (_text: string) => {};

/** A registry that answers, and whose stream says only what it is told to. */
beforeEach(async () => {
  options = checkLocalOptions({ port: await freePort() }, {});
  server = await fakeRegistry(options, (request, answer) => {
    if (request.method === 'POST') return answer('{"unknown":[]}');
    const hello = { epoch: 'epoch-one', version: 0, holder: 'holder-one', ttlMs: 3000, resumed: false };
    const response = answer();
    say = (text) => void response.write(text);
    return say(formatEvent('hello', hello));
  });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('a stream that stays silent while the registry answers is given up', async () => {
  const client = new RegistryClient(new Registrant('holder-two'), options, makeEnv());
  const { ended } = await client.watch(undefined, () => {});
  for (let renewal = 0; renewal < 13; renewal++) await client.renew([]);
  expect(await ended).toBe('it answers, but its stream is silent');
  client.close();
});

test('a stream that says no more than that it is open is kept', async () => {
  const client = new RegistryClient(new Registrant('holder-two'), options, makeEnv());
  const { ended } = await client.watch(undefined, () => {});
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (let renewal = 0; renewal < 40; renewal++) {
    say(ping);
    await client.renew([]);
  }
  expect(over).toBe(false);
  client.close();
});
