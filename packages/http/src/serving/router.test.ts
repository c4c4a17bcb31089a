import { describe, expect, test } from 'vitest';
import { Router } from './router.js';

function routerOf(...routes: readonly string[]) {
  const router = new Router<string>(10);
  for (const route of routes) {
    const [method, path] = route.split(' ') as [string, string];
    router.add(method, path, route);
  }
  return router;
}

const routes = routerOf('GET /', 'GET /a', 'GET /a/b', 'POST /a/:x', 'GET /:y/c', 'GET /a/:x/d/:z', 'PUT /:y/:w');

test.each([
  ['GET', '/', 'GET /', {}],
  ['GET', '/a', 'GET /a', {}],
  ['GET', '/a/b', 'GET /a/b', {}],
  // The literal path has no POST, the parameter has.
  ['POST', '/a/b', 'POST /a/:x', { x: 'b' }],
  // The literal segment leads nowhere, so what it has read is given back.
  ['GET', '/a/c', 'GET /:y/c', { y: 'a' }],
  ['GET', '/a/1/d/2', 'GET /a/:x/d/:z', { x: '1', z: '2' }],
  ['PUT', '/a/1', 'PUT /:y/:w', { y: 'a', w: '1' }],
])('%s %s is found', (method, path, value, params) => {
  expect(routes.find(method, path)).toEqual({ value, params });
});

test.each(['', 'a', '*', '/b', '/a/', '//a', '/A', '/a/1/d', '/a/1/d/', '/a/1/d/2/', '/a/1/d/2/e'])(
  'nothing stands at "%s"',
  (path) => {
    expect(routes.find('GET', path)).toBeUndefined();
    if (path !== '/b') expect(routes.methodsAt(path)).toEqual([]);
  },
);

test('tells the methods of a path, of every route that it could be', () => {
  expect(routes.methodsAt('/a/b')).toEqual(['GET', 'POST', 'PUT']);
  expect(routes.methodsAt('/x/c')).toEqual(['GET', 'PUT']);
});

describe('percent-encoding', () => {
  test('is taken out of a segment, and a slash in it leads no further', () => {
    expect(routes.find('POST', '/a/x%2Fd%20%C3%A9')?.params).toEqual({ x: 'x/d é' });
    expect(routes.find('POST', '/%61/%62')).toEqual({ value: 'POST /a/:x', params: { x: 'b' } });
    expect(routes.find('GET', '/a%2Fb')).toBeUndefined();
  });

  test('is taken out once', () => {
    expect(routes.find('POST', '/a/%2541')?.params).toEqual({ x: '%41' });
  });
});

test('a parameter that is too long leads nowhere; a literal has no limit', () => {
  const router = routerOf('GET /a-long-literal-segment', 'GET /p/:x');
  expect(router.find('GET', '/a-long-literal-segment')).toBeDefined();
  expect(router.find('GET', '/p/1234567890')).toBeDefined();
  expect(router.find('GET', '/p/12345678901')).toBeUndefined();
  expect(router.find('GET', `/p/${'%41'.repeat(10)}`)).toBeDefined();
});

test('no parameter is empty', () => {
  const router = routerOf('GET /:x', 'GET /p/:x');
  expect([router.find('GET', '/'), router.find('GET', '/p/')]).toEqual([undefined, undefined]);
});

test('names that objects have of themselves are ordinary segments and values', () => {
  const router = routerOf('GET /constructor', 'GET /v/:toString');
  expect(router.find('GET', '/__proto__')).toBeUndefined();
  expect(router.find('GET', '/constructor')?.value).toBe('GET /constructor');
  expect(router.find('GET', '/v/__proto__')?.params).toEqual({ toString: '__proto__' });
});

test('a search visits each node at most once, whatever the path', () => {
  const router = new Router<string>(10);
  const depth = 200;
  router.add('GET', '/a'.repeat(depth), 'literals');
  router.add('GET', Array.from({ length: depth }, (_, at) => `/:p${at}`).join(''), 'parameters');
  expect(router.find('GET', `${'/a'.repeat(depth - 1)}/b`)?.value).toBe('parameters');
  expect(router.find('GET', `${'/a'.repeat(100_000)}`)).toBeUndefined();
});
