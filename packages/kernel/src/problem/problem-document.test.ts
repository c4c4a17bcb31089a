import { STATUS_CODES } from 'node:http';
import { describe, expect, test } from 'vitest';
import { problemDocument, titleOf } from './problem-document.js';
import { rawProblem, statusOfParseFailure } from './raw-problem.js';

describe('a problem document', () => {
  test('has the title of its status, and members of its own', () => {
    expect(problemDocument(404, 'there is no such path', { code: 'FWK_TEST_MISSING', allowed: ['GET'] })).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'there is no such path',
      code: 'FWK_TEST_MISSING',
      allowed: ['GET'],
    });
  });

  test('keeps its standard members whatever members are added, but for its type', () => {
    const members = { type: 'urn:test', title: 'Other', status: 200, detail: 'other' };
    expect(problemDocument(503, 'full', members)).toEqual({
      type: 'urn:test',
      title: 'Service Unavailable',
      status: 503,
      detail: 'full',
    });
  });

  test('has a title for every status that Node knows, and for any other', () => {
    const renamed = [413, 422, 418, 508, 506, 509, 510];
    for (const [status, title] of Object.entries(STATUS_CODES)) {
      if (Number(status) >= 400 && !renamed.includes(Number(status))) expect(titleOf(Number(status))).toBe(title);
    }
    expect([413, 422, 418, 599].map(titleOf)).toEqual([
      'Content Too Large',
      'Unprocessable Content',
      'Client Error',
      'Server Error',
    ]);
  });
});

test('what cannot be parsed is answered as a whole message that ends the connection', () => {
  const problem = problemDocument(statusOfParseFailure('HPE_HEADER_OVERFLOW'), 'the headers are too large – much');
  const [head = '', body = ''] = rawProblem(problem, { 'x-test': '1' }).split('\r\n\r\n');
  expect(head.split('\r\n')).toEqual([
    'HTTP/1.1 431 Request Header Fields Too Large',
    'x-test: 1',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]);
  expect(JSON.parse(body)).toEqual(problem);
  expect(['ERR_HTTP_REQUEST_TIMEOUT', 'HPE_INVALID_METHOD', undefined].map(statusOfParseFailure)).toEqual([
    408, 400, 400,
  ]);
});
