import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.mjs';

const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"sku":"lamp"}';

describe('the reader of answers', () => {
  test('reads an answer however its bytes are cut', () => {
    for (let cut = 1; cut < answer.length; cut++) {
      const reader = new AnswerReader();
      expect(reader.push(Buffer.from(answer.slice(0, cut)))).toBeUndefined();
      expect(reader.push(Buffer.from(answer.slice(cut)))).toEqual({ status: 200, body: '{"sku":"lamp"}' });
    }
  });

  test('reads one answer after the other, each with its status', () => {
    const reader = new AnswerReader();
    expect(reader.push(Buffer.from(answer))?.status).toBe(200);
    const refused = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';
    expect(reader.push(Buffer.from(refused))).toEqual({ status: 503, body: '' });
  });

  test('refuses what it would count wrongly: no length, or two answers at once', () => {
    const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(() => new AnswerReader().push(Buffer.from(chunked))).toThrow('without content-length');
    expect(() => new AnswerReader().push(Buffer.from(answer + answer))).toThrow('more arrived than one answer');
  });
});
