/** Calls over Mux, as a server finds them, and answers, as a caller does. */
import { background, priorityKey } from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { clientAt, heard, serveMux } from '../fixtures/mux-client.js';
import type { HeardCall } from '../fixtures/mux-server.js';

const item = JSON.stringify({ id: 'a', size: 1 });

describe('a call over Mux', () => {
  test('has its operation as destination, and the target and body that it has over HTTP', async () => {
    const server = await serveMux((call) => call.answer(0, call.destination === '/shop/item' ? item : '{"order":"7"}'));
    const client = clientAt([server.url]);
    await client.item({ params: { id: 'a b/ä' }, query: { size: 3, tags: ['x', 'y'] } });
    await client.order({ body: { sku: 'ä', quantity: 2 } });
    expect(server.heard).toMatchObject([
      { destination: '/shop/item', target: '/items/a%20b%2F%C3%A4?size=3&tags=x&tags=y', body: '' },
      { destination: '/shop/order', target: '', body: '{"sku":"ä","quantity":2}' },
    ]);
  });

  test('carries the headers that it has over HTTP, without those that only mean something to HTTP', async () => {
    const server = await serveMux((call) => call.answer(0, '{"order":"7"}'));
    const client = clientAt([server.url], { caller: 'till', headers: { 'x-tenant': 'größer' } });
    const context = background.with({ values: [priorityKey.of('critical')] });
    await client.order({ body: { sku: 'a', quantity: 1 } }, { context, idempotencyKey: 'k"1' });
    const { contexts } = server.heard[0] as HeardCall;
    expect(contexts).toEqual({
      'com.twitter.finagle.tracing.TraceContext': expect.stringMatching(/^[0-9a-f]{80}$/),
      'com.twitter.finagle.Deadline': expect.stringMatching(/^[0-9a-f]{32}$/),
      'fwk-caller': 'till',
      'fwk-priority': 'critical',
      'idempotency-key': '"k\\"1"',
      'x-tenant': 'größer',
    });
    const deadline = Buffer.from(contexts['com.twitter.finagle.Deadline'] as string, 'hex');
    const remainingMs = Number((deadline.readBigUInt64BE(8) - deadline.readBigUInt64BE(0)) / 1_000_000n);
    expect(remainingMs).toBeGreaterThan(1000);
    expect(remainingMs).toBeLessThanOrEqual(5000);
  });

  test('says which attempt it is, in a trace of which each attempt is a span', async () => {
    const server = await serveMux((call) => {
      if (server.heard.length < 2) call.answer(1, '', { 'fwk-status': '503' });
      else call.answer(0, item);
    });
    await clientAt([server.url], { retry: { baseDelayMs: 1 } }).item({
      params: { id: 'a' },
    });
    const [first, second] = server.heard.map(({ contexts }) => contexts) as [
      HeardCall['contexts'],
      HeardCall['contexts'],
    ];
    expect([first['fwk-attempt'], second['fwk-attempt']]).toEqual([undefined, '2']);
    const trace = (contexts: HeardCall['contexts']) => contexts['com.twitter.finagle.tracing.TraceContext'] as string;
    expect(trace(second).slice(32, 48)).toBe(trace(first).slice(32, 48));
    expect(trace(second).slice(0, 16)).not.toBe(trace(first).slice(0, 16));
  });

  test('shares its session with the calls beside it, also the very first', async () => {
    const server = await serveMux();
    const client = clientAt([server.url]);
    const answers = Array.from({ length: 50 }, () => client.tick());
    await heard(server, 50);
    for (const [index, call] of [...server.heard.entries()].toReversed()) call.answer(0, String(index));
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(server.sessions).toHaveLength(1);
  });
});

describe('an answer over Mux', () => {
  async function answered(...answer: Parameters<HeardCall['answer']>) {
    const server = await serveMux((call) => call.answer(...answer));
    return clientAt([server.url], { maxAnswerBytes: 1000 }).tick();
  }

  test('is the value of the contract', async () => {
    expect(await answered(0, '7')).toBe(7);
    expect(await answered(0, '7', { 'fwk-status': '201' })).toBe(7);
  });

  test('may be without a body where the operation has none', async () => {
    const server = await serveMux((call) => call.answer(0));
    expect(await clientAt([server.url]).forget({ params: { id: 'a' } })).toBeUndefined();
  });

  test.each([
    ['no JSON', '{', /no JSON|JSON/],
    ['JSON that does not fit', '"seven"', /does not fit the contract/],
    ['more than is read', `"${'x'.repeat(1000)}"`, /larger than maxAnswerBytes 1000/],
    ['nothing where there should be a body', '', /JSON/],
  ])('that is %s is invalid', async (_what, text, message) => {
    await expect(answered(0, text)).rejects.toMatchObject({
      code: 'FWK_HTTP_ANSWER_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('that is an error is the problem document', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Sold Out',
      status: 409,
      detail: 'none left',
      code: 'SOLD_OUT',
      left: 0,
    };
    const contexts = { 'fwk-status': '409', 'retry-after': '2', 'fwk-retry': 'no' };
    await expect(answered(1, JSON.stringify(problem), contexts)).rejects.toMatchObject({
      code: 'FWK_HTTP_REMOTE',
      status: 409,
      problem,
      traits: { outcome: 'ignored' },
    });
  });

  test('of a peer that knows no problem documents keeps its text', async () => {
    await expect(answered(1, 'com.example.Boom: boom')).rejects.toMatchObject({
      code: 'FWK_HTTP_REMOTE',
      status: 500,
      problem: { detail: 'com.example.Boom: boom' },
    });
  });

  test.each([
    [
      'of ours',
      { 'fwk-problem': JSON.stringify({ title: 'Too Many Requests', status: 429, notProcessed: true }) },
      429,
    ],
    ['of another peer', {}, 503],
    ['with a document that is none', { 'fwk-problem': '{' }, 503],
  ])('that is a refusal %s says that nothing was done', async (_whose, contexts, status) => {
    const failure = Buffer.from([0, 0, 0, 0, 0, 0, 0, 3]);
    await expect(answered(2, '', { MuxFailure: failure, ...contexts })).rejects.toMatchObject({
      code: 'FWK_HTTP_REMOTE',
      status,
      traits: { notProcessed: true, refusedBy: 'callee' },
    });
  });

  test('that is a refusal is tried elsewhere, whatever the operation does; unless it must not be', async () => {
    const other = await serveMux((call) => call.answer(0, '7'));
    for (const [flags, calls] of [
      [3, 7],
      [6, undefined],
    ] as const) {
      const failure = Buffer.from([0, 0, 0, 0, 0, 0, 0, flags]);
      const server = await serveMux((call) => call.answer(2, '', { MuxFailure: failure }));
      const client = clientAt([server.url, other.url], { retry: {}, balancer: undefined });
      const results = await Promise.all(Array.from({ length: 6 }, () => client.tick().catch(() => undefined)));
      expect(server.heard.length).toBeGreaterThan(0);
      if (calls === undefined) expect(results).toContain(undefined);
      else expect(results).toEqual(Array.from({ length: 6 }, () => 7));
    }
  });
});
