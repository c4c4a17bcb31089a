import { expect, test } from 'vitest';
import { parseBody } from './request-body.js';
import { parseEvent } from './wire.js';

test.each([
  ['{"instance":{"metadata":{"__proto__":"x"}}}', '"instance.metadata.__proto__"'],
  ['{"ids":[{"constructor":{"prototype":1}}]}', '"ids.0.constructor.prototype"'],
])('a body with a dangerous key is refused with where it stands: %s', (body, path) => {
  expect(() => parseBody(Buffer.from(body))).toThrow(
    expect.objectContaining({
      status: 400,
      message: expect.stringContaining(`the body cannot be used: the key ${path}`),
    }),
  );
});

test.each(['{', Buffer.from([0x22, 0xff, 0x22])])('a body that is not JSON in UTF-8 is refused', (body) => {
  expect(() => parseBody(Buffer.from(body))).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringMatching(/^the body is not JSON: /) }),
  );
});

test('an event with a dangerous key is refused with where it stands', () => {
  expect(() => parseEvent('put', '{"version":1,"entry":{"__proto__":{}}}')).toThrow('the key "entry.__proto__"');
});
