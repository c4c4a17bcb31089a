import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { answer } from './answer.js';
import { bytes, text } from './content.js';
import { contract } from './contract.js';
import type { AnswerOf, AnyContract, Call, Client, Handlers, RequestOf, ResponseOf } from './contract-types.js';
import { get, put } from './operation.js';

const orders = contract('orders', {
  version: '1.0.0',
  operations: {
    read: get('/orders/:id', {
      params: z.object({ id: z.string() }),
      responses: {
        200: z.object({ total: z.coerce.number<string>(), note: z.string().default('') }),
        202: { body: z.string(), headers: z.object({ location: z.string(), 'x-left': z.coerce.number<number>() }) },
        304: {},
        302: { headers: z.object({ location: z.string().optional() }) },
      },
    }),
    photo: put('/photos/:id', { params: z.object({ id: z.string() }), body: bytes('image/png'), response: bytes() }),
    table: get('/table', { response: text('text/csv') }),
    files: get('/files', { responses: { 200: bytes('image/png') } }),
  },
});
type Orders = typeof orders;

test('a caller gets answers that their statuses tell apart', () => {
  const look = (answer: ResponseOf<Orders, 'read'>) => {
    switch (answer.status) {
      case 200:
        expectTypeOf(answer.body).toEqualTypeOf<{ total: number; note: string }>();
        expectTypeOf(answer.headers).toEqualTypeOf<undefined>();
        return;
      case 202:
        expectTypeOf(answer.body).toEqualTypeOf<string>();
        expectTypeOf(answer.headers).toEqualTypeOf<{ location: string; 'x-left': number }>();
        return;
      case 302:
        expectTypeOf(answer.headers.location).toEqualTypeOf<string | undefined>();
        return;
      case 304:
        expectTypeOf(answer).toEqualTypeOf<{
          readonly status: 304;
          readonly body: undefined;
          readonly headers: undefined;
        }>();
    }
  };
  expect(look).toBeTypeOf('function');
});

test('a handler gives what the schemas of a status take', () => {
  type Given = AnswerOf<Orders, 'read'>;
  const given: Given[] = [
    { status: 200, body: { total: '7' } },
    { status: 202, body: 'ticket', headers: { location: '/tickets/7', 'x-left': 3 } },
    { status: 304 },
    { status: 302 },
    { status: 302, headers: { location: '/' } },
    // @ts-expect-error another status
    { status: 201, body: 'ticket' },
    // @ts-expect-error the body of another status
    { status: 200, body: 'ticket' },
    // @ts-expect-error the body is missing
    { status: 200 },
    // @ts-expect-error a header is missing
    { status: 202, body: 'ticket', headers: { location: '/' } },
    // @ts-expect-error the headers are missing
    { status: 202, body: 'ticket' },
    // @ts-expect-error it has no body
    { status: 304, body: 'ticket' },
  ];
  expect(given).toHaveLength(11);
});

test('bytes and text are what they are on both sides', () => {
  expectTypeOf<Call<Orders, 'photo'>['body']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<RequestOf<Orders, 'photo'>['body']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<ResponseOf<Orders, 'photo'>>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<ResponseOf<Orders, 'table'>>().toEqualTypeOf<string>();
  expectTypeOf<ResponseOf<Orders, 'files'>>().toEqualTypeOf<{
    readonly status: 200;
    readonly body: Uint8Array;
    readonly headers: undefined;
  }>();
  expectTypeOf<ReturnType<Client<Orders>['table']>>().toEqualTypeOf<Promise<string>>();
  expectTypeOf<Handlers<Orders>['table']>().returns.toEqualTypeOf<string | Promise<string>>();
  expectTypeOf<Orders>().toExtend<AnyContract>();
});

test('a status is inferred as it is written, in functions by their contract and in classes by answer()', async () => {
  const read: Handlers<Orders>['read'] = ({ params: { id } }) => {
    if (id === 'new') return { status: 202, body: 'later', headers: { location: '/', 'x-left': 1 } };
    return id === 'same' ? { status: 304 } : { status: 200, body: { total: id } };
  };
  const later: Handlers<Orders>['read'] = async ({ params: { id } }) => {
    if (id === 'same') return { status: 304 };
    return { status: 302, headers: { location: '/' } };
  };
  class Desk implements Pick<Handlers<Orders>, 'read' | 'files'> {
    async read({ params: { id } }: Call<Orders, 'read'>) {
      if (id === 'same') return answer(304);
      if (id === 'moved') return answer(302, undefined, { location: '/' });
      if (id === 'new') return answer(202, 'later', { location: '/', 'x-left': 1 });
      return answer(200, { total: id });
    }

    files() {
      return answer(200, Uint8Array.of(1));
    }
  }
  class Wrong {
    read() {
      return answer(201, 'ticket');
    }
  }
  // @ts-expect-error a status that the contract lacks
  const wrong: Pick<Handlers<Orders>, 'read'> = new Wrong();
  const call = (id: string) => ({ params: { id } }) as Call<Orders, 'read'>;
  const desk = new Desk();
  expect([wrong.read, read(call('same')), await later(call('same')), await desk.read(call('same'))]).toEqual([
    Wrong.prototype.read,
    { status: 304 },
    { status: 304 },
    { status: 304 },
  ]);
  expect(await desk.read(call('moved'))).toEqual({ status: 302, headers: { location: '/' } });
  expect(await desk.read(call('a'))).toEqual({ status: 200, body: { total: 'a' } });
  expect(desk.files()).toEqual({ status: 200, body: Uint8Array.of(1) });
});
