import { expect, test } from 'vitest';
import { InstanceInvalidError } from '../errors.js';
import { parseInstance } from '../instance.js';
import { staticRegistry } from '../registries/static-registry.js';
import { anInstance } from '../testing/instances.js';
import { InstanceEndpoint } from './endpoint.js';
import { staticEndpoints } from './static-endpoints.js';

test.each([
  ['unix:/run/inventory.sock', '/run/inventory.sock'],
  ['unix:///run/inventory.sock', '/run/inventory.sock'],
  ['UNIX:/run/inventory.sock', '/run/inventory.sock'],
  ['unix:/run/a%20b c.sock', '/run/a%20b c.sock'],
])('%s is the socket %s', (url, path) => {
  const [endpoint] = staticEndpoints('inventory', [url]).value;
  expect(endpoint).toMatchObject({
    id: `inventory@unix:${path}`,
    url: `unix:${path}`,
    socketPath: path,
    address: path,
    port: 0,
    instance: { status: 'UP', service: 'inventory' },
  });
});

test('an address and a port have no path', () => {
  const [endpoint] = staticEndpoints('inventory', ['http://127.0.0.1:4001']).value;
  expect(endpoint).toMatchObject({ url: 'http://127.0.0.1:4001', address: '127.0.0.1', port: 4001 });
  expect(endpoint?.socketPath).toBeUndefined();
});

test.each([
  ['unix:inventory.sock', /an absolute path/],
  ['unix:', /an absolute path/],
  ['unix://run/inventory.sock', /without a host/],
  ['unix:/run/', /without a slash at its end/],
  ['unix:/run/a\0b', /zero byte/],
  [`unix:/${'a'.repeat(200)}`, /short enough for the address of a Unix socket: 10[37] bytes, not 201/],
])('%j is refused, with what is wrong', (url, problem) => {
  expect(() => staticEndpoints('inventory', [url])).toThrow(problem);
  expect(() => staticEndpoints('inventory', [url])).toThrow(
    expect.objectContaining({ code: 'FWK_KERNEL_OPTIONS_INVALID' }),
  );
});

test('no registry leads to a socket', () => {
  const said = { ...anInstance(), address: '/run/docker.sock', socketPath: '/run/docker.sock' };
  expect(() => parseInstance(said)).toThrow(InstanceInvalidError);
  const claims = { ...anInstance(), socketPath: '/run/docker.sock', metadata: { scheme: 'unix' } };
  expect(parseInstance(claims)).not.toHaveProperty('socketPath');
  const endpoint = new InstanceEndpoint(claims);
  expect(endpoint).not.toHaveProperty('socketPath');
  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(() => staticRegistry({ inventory: ['unix:/run/docker.sock'] })).toThrow(/must be like http:\/\/host:port/);
});

test.each(['http://user:hunter2@10.0.0.4:8080', 'http://:hunter2@10.0.0.4:8080'])(
  'refuses the user in %s, and does not show the password',
  (url) => {
    const make = () => staticEndpoints('inventory', [url]);
    expect(make).toThrow(/must be like http:\/\/host:port/);
    expect(make).not.toThrow(/hunter2/);
  },
);

test.each([
  ['mux://127.0.0.1:4001', '127.0.0.1', 4001, 'mux://127.0.0.1:4001'],
  ['mux://127.0.0.1:80/', '127.0.0.1', 80, 'mux://127.0.0.1:80'],
  ['MUX://Inventory.Example:9990', 'inventory.example', 9990, 'mux://inventory.example:9990'],
  ['mux://[::1]:4001', '::1', 4001, 'mux://[::1]:4001'],
])('%s speaks Mux and nothing else', (given, address, port, url) => {
  const [endpoint] = staticEndpoints('inventory', [given]).value;
  expect(endpoint).toMatchObject({ url, address, port, wires: ['mux'] });
});

test('a registry of fixed addresses takes mux: addresses as well', () => {
  const [instance] = staticRegistry({ inventory: ['mux://10.0.0.4:4001'] }).watch('inventory').instances.value;
  expect(instance && new InstanceEndpoint(instance)).toMatchObject({ url: 'mux://10.0.0.4:4001', wires: ['mux'] });
});

test.each([
  ['mux://127.0.0.1', /must name a port, like mux:\/\/host:port/],
  ['mux://[::1]', /must name a port/],
  ['mux://127.0.0.1:4001/stock', /must be like http:\/\/host:port/],
  ['mux://user:hunter2@127.0.0.1:4001', /must be like http:\/\/host:port/],
  ['mux:127.0.0.1:4001', /must be like http:\/\/host:port/],
  ['mux://127.0.0.1:0', /port must be from 1 to 65535/],
])('%j is refused, since %s', (url, problem) => {
  expect(() => staticEndpoints('inventory', [url])).toThrow(problem);
  expect(() => staticEndpoints('inventory', [url])).not.toThrow(/hunter2/);
});
