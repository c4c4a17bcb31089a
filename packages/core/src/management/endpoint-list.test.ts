import type { ManagementEndpoint } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { listEndpoints, listReply } from './endpoint-list.js';
import { ManagementReply } from './reply.js';

const app = { name: 'shop', version: '1.2.3', owner: 'team <web>', instanceId: 'shop-1' };
const service = { app, url: 'http://127.0.0.1:4711', tokenFile: "/tmp/it's here/token", tokenAlways: false };
const handle = () => undefined;
const endpoints: readonly ManagementEndpoint[] = [
  { path: 'policies', purpose: 'All <policies>.', handle },
  {
    path: 'policies/:name',
    method: 'PUT',
    purpose: 'Sets one.',
    example: { parameter: 'a b/c', body: { reason: "it's time" } },
    handle,
  },
  { path: 'policies/:name', example: { parameter: 'payments' }, handle },
  { path: '', purpose: 'This list.', handle },
  { path: 'events', streams: true, example: { query: 'name=a.*&recent=5' }, handle },
  { path: 'heap-snapshot', guarded: true, handle },
  { path: 'policies/:name', method: 'DELETE', handle },
];

describe('the list', () => {
  test('has each endpoint with its method, its purpose and a line for a shell', () => {
    const token = `-H "Authorization: Bearer $(cat '/tmp/it'\\''s here/token')"`;
    expect(
      listEndpoints(endpoints, service).map(({ method, path, guarded, example }) => [method, path, guarded, example]),
    ).toEqual([
      ['GET', '/manage', false, 'curl http://127.0.0.1:4711/manage'],
      ['GET', '/manage/events', false, "curl -N 'http://127.0.0.1:4711/manage/events?name=a.*&recent=5'"],
      ['GET', '/manage/heap-snapshot', true, `curl http://127.0.0.1:4711/manage/heap-snapshot ${token}`],
      ['GET', '/manage/policies', false, 'curl http://127.0.0.1:4711/manage/policies'],
      ['DELETE', '/manage/policies/:name', true, `curl -X DELETE http://127.0.0.1:4711/manage/policies/NAME ${token}`],
      ['GET', '/manage/policies/:name', false, 'curl http://127.0.0.1:4711/manage/policies/payments'],
      [
        'PUT',
        '/manage/policies/:name',
        true,
        `curl -X PUT http://127.0.0.1:4711/manage/policies/a%20b%2Fc ${token} -H 'Content-Type: application/json' -d '{"reason":"it'\\''s time"}'`,
      ],
    ]);
  });

  test('shows the token in each line where each request takes it', () => {
    const [list] = listEndpoints(endpoints, { ...service, tokenFile: undefined, tokenAlways: true });
    expect(list?.example).toBe('curl http://127.0.0.1:4711/manage -H "Authorization: Bearer $MANAGEMENT_TOKEN"');
  });

  test.each([undefined, '*/*', 'application/json', 'application/json, text/html;q=0.9', 'text/html;q=0', 'image/png'])(
    'is JSON for a program: %s',
    (accept) => {
      expect(listReply(endpoints, service, accept)).toMatchObject({
        service: { name: 'shop', version: '1.2.3', instanceId: 'shop-1' },
        endpoints: expect.arrayContaining([
          expect.objectContaining({ path: '/manage/policies', purpose: 'All <policies>.' }),
        ]),
      });
    },
  );

  test('is a page for a browser, which runs, loads and trusts nothing', () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const reply = listReply(endpoints, service, accept);
    if (!(reply instanceof ManagementReply)) return expect.unreachable();
    expect(reply.contentType).toBe('text/html; charset=utf-8');
    for (const { path, purpose, example } of listEndpoints(endpoints, service)) {
      for (const text of [path, purpose, example]) {
        expect(reply.body).toContain(
          text
            .replaceAll('&', '&amp;')
            .replaceAll('<', '&lt;')
            .replaceAll('>', '&gt;')
            .replaceAll('"', '&quot;')
            .replaceAll("'", '&#39;'),
        );
      }
    }
    expect(reply.body).toContain('team &lt;web&gt;');
    expect(reply.body).toContain('<a href="/manage/events">');
    expect(reply.body).not.toMatch(/<script|<style|<link|<img|\ssrc=|\son\w+=|https?:\/\/(?!127\.0\.0\.1:4711)/);
  });
});
