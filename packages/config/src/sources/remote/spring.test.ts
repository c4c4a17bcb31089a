import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../app/load-config.js';
import { configSourceContract } from '../../testing/source-contract.js';
import { springConfigSource } from './spring.js';

/** As a server of Spring Cloud Config 4 answers `/shop/production/main`. */
const environment = (properties: object, more: object = {}) => ({
  name: 'shop',
  profiles: ['production'],
  label: 'main',
  version: '9d1e4a5c1b',
  state: null,
  propertySources: [
    { name: 'https://git.example/config/shop-production.yml', source: properties },
    { name: 'https://git.example/config/application.yml', source: more },
  ],
});

async function serve(answer: object) {
  const state = { answer, asked: [] as (string | undefined)[] };
  const server = createServer(({ url }, response) => {
    state.asked.push(url);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state.answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { state, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

async function valuesFrom(answer: object, defaults: object = {}) {
  const { state, address, close } = await serve(answer);
  onTestFinished(close);
  const source = springConfigSource(address, {
    application: 'shop',
    profiles: ['production', 'eu'],
    label: 'release/2',
  });
  const config = await loadConfig({ defaults, sources: [source], environment: false, watch: false });
  return { config, state, value: config.current.value };
}

describe('a server of Spring Cloud Config', () => {
  for (const { name, run } of configSourceContract({
    async open() {
      const { state, address, close } = await serve(environment({ 'shop.maxItems': 5 }));
      return {
        source: springConfigSource(address, { application: 'shop', pollMs: 100 }),
        says: { shop: { maxItems: 5 } },
        async change() {
          state.answer = environment({ 'shop.maxItems': 6 });
          return { shop: { maxItems: 6 } };
        },
        async damage() {
          state.answer = { timestamp: '2026', status: 404, error: 'Not Found' };
        },
        close,
      };
    },
  })) {
    test(name, run);
  }

  test('is asked for application, profiles and label, and says which property source won', async () => {
    const { config, state, value } = await valuesFrom(environment({ a: 1 }, { a: 2, b: 2 }));
    expect(state.asked).toEqual(['/shop/production%2Ceu/release(_)2']);
    expect(value).toEqual({ a: 1, b: 2 });
    expect(config.explain('b').winner?.where).toMatch(/, key b of https:\/\/git\.example\/config\/application\.yml$/);
  });

  test('has lists, names spelled as below, text that is read, and the usual values of references', async () => {
    const properties = {
      'shop.max-items': '20',
      'shop.open': true,
      'servers[1].host': 'b',
      'servers[0].host': 'a',
      'matrix[0][0]': 1,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the server answers references
      greeting: '${WHO_IS_NOT_SET:hello} ${env:NOBODY:-x} ${shop.maxItems}',
    };
    expect((await valuesFrom(environment(properties), { shop: { maxItems: 1 } })).value).toEqual({
      shop: { maxItems: 20, open: true },
      servers: [{ host: 'a' }, { host: 'b' }],
      matrix: [[1]],
      greeting: 'hello x 20',
    });
  });

  test('replaces a list as a whole by that of a stronger property source', async () => {
    expect((await valuesFrom(environment({ 'a[0]': 1 }, { 'a[0]': 7, 'a[1]': 8 }))).value).toEqual({ a: [1] });
  });

  test.each([
    [{ propertySources: 'x' }, 'FWK_CONFIG_SOURCE_FORMAT'],
    [{ propertySources: [{ name: 'x' }] }, 'FWK_CONFIG_SOURCE_FORMAT'],
    [{ ...environment({}), propertySources: [] }, 'FWK_CONFIG_KEY_MISSING'],
    [environment({ a: 1, 'a.b': 2 }), 'FWK_CONFIG_NAME_CONFLICT'],
    [environment({ 'a.__proto__.b': 2 }), 'FWK_CONFIG_KEY_REFUSED'],
    [environment({ 'a..b': 2 }), 'FWK_CONFIG_KEY_REFUSED'],
  ])('that answers %j is refused with %s', async (answer, code) => {
    await expect(valuesFrom(answer)).rejects.toMatchObject({ code });
  });
});
