import { isFwkError } from '@fwk/kernel';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, text } from './content.js';
import { contract } from './contract.js';
import { type OperationSpec, post } from './operation.js';

const build = (spec: object) =>
  contract('desk', { version: '1.0.0', operations: { read: post('/read', spec as Omit<OperationSpec, 'params'>) } });

test.each<[string, object, RegExp]>([
  ['no object', { responses: 7 }, /read has bad responses: they must be an object of answers by status/],
  ['a schema in their place', { responses: z.string() }, /read has bad responses/],
  ['no status', { responses: {} }, /read has no status among its responses/],
  [
    'a status that is an error',
    { responses: { 409: z.string() } },
    /read has the response "409": a status is a whole number from 200 to 399; from 400 on they are errors/,
  ],
  ['an interim status', { responses: { 103: {} } }, /read has the response "103"/],
  ['a status that is no number', { responses: { ok: {} } }, /read has the response "ok"/],
  ['a status in another form', { responses: { '0200': {} } }, /read has the response "0200"/],
  ['nothing for a status', { responses: { 204: null } }, /bad schema of the response 204: say \{\}/],
  ['text for a status', { responses: { 200: 'text' } }, /bad schema of the response 200/],
  [
    'a body where there can be none',
    { responses: { 204: z.string() } },
    /a body of the response 204, which cannot have one/,
  ],
  [
    'a body where nothing changed',
    { responses: { 304: { body: z.string() } } },
    /a body of the response 304, which cannot have one/,
  ],
  [
    'an unknown option',
    { responses: { 200: { schema: z.string() } } },
    /has in its response 200 an unknown option "schema" \(known: body, headers\)/,
  ],
  [
    'headers without names',
    { responses: { 200: { headers: z.record(z.string(), z.string()) } } },
    /headers of the response 200 whose names cannot be seen/,
  ],
  [
    'a header in capitals',
    { responses: { 200: { headers: z.object({ ETag: z.string() }) } } },
    /the header "ETag" of the response 200: names must be in lower case/,
  ],
  [
    'a header of the connection',
    { responses: { 200: { headers: z.object({ connection: z.string() }) } } },
    /the header "connection" of the response 200, which belongs to the connection/,
  ],
  [
    'the length',
    { responses: { 200: { headers: z.object({ 'content-length': z.string() }) } } },
    /which belongs to the connection/,
  ],
  [
    'the type',
    { responses: { 200: { headers: z.object({ 'content-type': z.string() }) } } },
    /which is written by the framework itself/,
  ],
  [
    'a header of the framework',
    { responses: { 200: { headers: z.object({ 'fwk-load': z.string() }) } } },
    /which is written by the framework itself/,
  ],
  [
    'cookies',
    { responses: { 200: { headers: z.object({ 'set-cookie': z.string() }) } } },
    /which may stand there several times/,
  ],
  [
    'an injected header',
    { responses: { 200: { headers: z.object({ 'a\r\nb': z.string() }) } } },
    /the header "a\\r\\nb" of the response 200, which is no name of a header/,
  ],
  [
    'an answer beside them',
    { response: z.string(), responses: { 200: z.string() } },
    /has both response and responses/,
  ],
  [
    'bytes that are to be kept',
    { responses: { 200: bytes() }, idempotencyKey: true },
    /has an idempotencyKey and answers bytes/,
  ],
  ['bytes as a query', { query: bytes() }, /bad query: it must be a Standard Schema validator of an object/],
  ['text as headers', { headers: text() }, /bad headers: it must be a Standard Schema validator of an object/],
  [
    'an error of bytes',
    { errors: { Gone: { status: 410, data: bytes() } } },
    /bad data of the error Gone: it must be a Standard Schema validator of JSON/,
  ],
])('a contract is refused whose responses have %s', (_, spec, message) => {
  try {
    build(spec);
    expect.unreachable();
  } catch (error) {
    expect(isFwkError(error, 'FWK_HTTP_CONTRACT_INVALID')).toBe(true);
    expect((error as Error).message).toMatch(message);
  }
});

test.each([
  '',
  'image',
  'image/',
  'image/*',
  'image/png; a=b',
  'image/png\r\nx: 1',
  'application/json',
  'application/a+json',
  7 as never,
])('bytes and text refuse the media type %j', (type) => {
  for (const make of [bytes, text])
    expect(() => make(type)).toThrow(/type must be a media type other than JSON without parameters/);
});

test('one plan for each status is worked out, and none for a value as JSON', () => {
  expect(build({ response: z.string() }).plans[0]?.answers).toBeUndefined();
  expect(build({}).plans[0]?.answers).toBeUndefined();
  expect(build({ response: bytes('Image/PNG') }).plans[0]?.answers).toMatchObject({ bare: true });
  const { answers } =
    build({ responses: { 200: z.string(), 304: { headers: z.object({ etag: z.string() }) } } }).plans[0] ?? {};
  expect([...(answers?.byStatus.keys() ?? [])]).toEqual([200, 304]);
  expect(answers?.byStatus.get(304)).toMatchObject({ headerNames: ['etag'], body: undefined });
});
