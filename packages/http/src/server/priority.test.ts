import { OptionsError, type Priority, priorityKey } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { get } from '../contract/operation.js';
import { reachable } from '../fixtures/local-servers.js';
import { sendOver, wires } from '../fixtures/send-over.js';
import { served } from '../serving/served.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';

const levels = contract('levels', {
  version: '1.0.0',
  operations: {
    plain: get('/plain', { response: z.string() }),
    critical: get('/critical', { response: z.string(), priority: 'critical' }),
    background: get('/background', { response: z.string(), priority: 'background' }),
  },
});

describe.each(wires)('over %s', (wire) => {
  const send = sendOver(wire, levels);

  describe('the priority of a call', () => {
    const servers: HttpServer[] = [];
    afterEach(async () => {
      for (const server of servers.splice(0)) await server.close();
    });
    async function start(trustedNetworks: readonly string[] = []) {
      const own = ({ context }: { readonly context: { get(key: typeof priorityKey): Priority } }) =>
        context.get(priorityKey);
      const server = createServer({
        serve: [served(levels, { plain: own, critical: own, background: own })],
        trustedNetworks,
      });
      servers.push(server);
      await server.start();
      reachable(server);
      return async (operation: string, claimed?: string) =>
        (
          await send(`${server.url}/${operation}`, {
            headers: claimed === undefined ? {} : { 'fwk-priority': claimed },
          })
        ).json;
    }

    test.each([
      ['plain', 'critical', 'default'],
      ['plain', 'default', 'default'],
      ['plain', 'sheddable', 'sheddable'],
      ['plain', undefined, 'default'],
      ['plain', 'CRITICAL', 'default'],
      ['critical', 'background', 'background'],
      ['critical', 'default', 'default'],
      ['critical', undefined, 'critical'],
      ['background', 'critical', 'background'],
      ['background', 'default', 'background'],
    ])('of %s is lowered and never raised by what the caller says: %s', async (operation, claimed, expected) => {
      expect(await (await start())(operation, claimed)).toBe(expected);
    });

    test('is what a caller says from a network that the configuration trusts', async () => {
      for (const networks of wire === 'local'
        ? [['local'], ['10.0.0.0/8', 'local']]
        : [['127.0.0.1'], ['10.0.0.0/8', '127.0.0.0/8']]) {
        const ask = await start(networks);
        expect(await ask('plain', 'critical')).toBe('critical');
        expect(await ask('background', 'default')).toBe('default');
      }
      const ask = await start(['10.0.0.0/8', '::1', 'fd00::/8', '127.0.0.2']);
      expect(await ask('plain', 'critical')).toBe('default');
    });

    test.each([
      ['localhost'],
      ['127.0.0.1/33'],
      ['010.0.0.0/8'],
      ['01.0.0.0/8'],
      ['1.2.3'],
      ['999.1.1.1'],
      [''],
      [7],
      ['::1/129'],
    ])('refuses %j as a network', (network) => {
      expect(() => createServer({ serve: [], trustedNetworks: [network as string] })).toThrow(OptionsError);
    });
  });
});
