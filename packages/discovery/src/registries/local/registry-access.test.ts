import { noLogger } from '@fwk/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import type { Registry } from '../../registry.js';
import { anInstance } from '../../testing/instances.js';
import { checkLocalOptions } from './local-options.js';
import { localRegistry } from './local-registry.js';
import { type RegistryHost, serveRegistry } from './serve-registry.js';

const token = 'a-token-of-some-length';
const opened: (Registry | RegistryHost)[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A registry at all addresses of this machine. */
async function host(): Promise<RegistryHost> {
  const made = await serveRegistry({ host: '0.0.0.0', port: 0, token });
  opened.push(made);
  return made;
}

function at({ port }: RegistryHost, shown?: string): Registry {
  const registry = localRegistry({ port, serve: false, ...(shown && { token: shown }) }, { logger: noLogger });
  opened.push(registry);
  return registry;
}

describe('a registry with a token', () => {
  test('refuses a session that a web page of another site asks for', async () => {
    const url = `http://127.0.0.1:${(await host()).port}/v1/sessions`;
    const ask = (from: string) => {
      const headers = { 'content-type': 'application/json', 'sec-fetch-site': from };
      return fetch(url, { method: 'POST', headers, body: '{}' });
    };
    expect((await ask('cross-site')).status).toBe(403);
    expect((await ask('none')).status).not.toBe(403);
  });

  test('serves whoever proves to know it, and shows its lists to people who show it', async () => {
    const served = await host();
    const registry = at(served, token);
    await registry.register(anInstance());
    const headers = { authorization: `Bearer ${token}`, host: 'a.name.of.this.machine' };
    const answer = await fetch(`http://127.0.0.1:${served.port}/v1/services`, { headers });
    expect(await answer.json()).toEqual({ services: ['inventory'] });
  });

  test.each([
    [undefined, 'asks for its token'],
    ['another-token-of-length', 'does not prove that it knows the token'],
  ])('is not joined by who has the token %s, which is said at once, with what to do', async (given, problem) => {
    const registry = at(await host(), given);
    const refused = registry.register(anInstance());
    await expect(refused).rejects.toMatchObject({ code: 'FWK_DISCOVERY_REGISTRY_DENIED' });
    await expect(refused).rejects.toThrow('FWK_REGISTRY_TOKEN');
    expect(registry.connection.value.reason).toContain(problem);
    await expect(registry.overrides?.lift('inventory-1')).rejects.toMatchObject({
      code: 'FWK_DISCOVERY_REGISTRY_DENIED',
    });
  });

  test.each([
    ['GET', '/v1/events'],
    ['GET', '/v1/state'],
    ['PUT', '/v1/instances/inventory-1'],
    ['DELETE', '/v1/overrides/inventory-1'],
    ['GET', '/'],
  ])('answers %s %s with 401 without it, and shows nothing', async (method, path) => {
    const answer = await fetch(`http://127.0.0.1:${(await host()).port}${path}`, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.text()).not.toContain(token);
  });
});

describe('the options', () => {
  test('let no registry be reached by other machines without a token', () => {
    expect(() => checkLocalOptions({ host: '0.0.0.0' }, {})).toThrow(/can be reached by other machines: set a token/);
    expect(checkLocalOptions({ host: '0.0.0.0' }, { FWK_REGISTRY_TOKEN: token }).token).toBe(token);
  });

  test('refuse a weak token without showing it', () => {
    expect(() => checkLocalOptions({ token: 'weak' }, {})).toThrow(/token must be 16 to 1024/);
    expect(() => checkLocalOptions({ token: 'weak' }, {})).not.toThrow(/weak/);
  });
});

test('a registry is not mounted where somebody listens', async () => {
  const { port } = await host();
  await expect(serveRegistry({ port })).rejects.toMatchObject({ code: 'FWK_DISCOVERY_REGISTRY_PORT_TAKEN' });
});
