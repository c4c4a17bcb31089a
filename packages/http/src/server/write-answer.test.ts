import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { writeAnswer } from './write-answer.js';

async function answering(body: string, handle: (response: ServerResponse, kept: number) => void = () => {}) {
  const server = createServer((_request, response) => {
    const answer = { status: 200, contentType: 'text/plain; charset=utf-8', body, headers: undefined };
    handle(response, writeAnswer(response, answer, false));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test.each([
  ['nothing', ''],
  ['one part exactly', 'x'.repeat(65_536)],
  ['one character more than a part', 'x'.repeat(65_537)],
  ['characters of two halves, at even places', '\u{1f600}'.repeat(200_000)],
  ['characters of two halves, at odd places', `x${'\u{1f600}'.repeat(200_000)}`],
  ['characters of two and three bytes', 'ä€'.repeat(300_000)],
  ['a half without its other half at the end of a part', `${'x'.repeat(65_535)}\ud83d${'y'.repeat(70_000)}`],
])('a text arrives as it is, whatever its parts: %s', async (_name, body) => {
  const port = await answering(body);
  const response = await fetch(`http://127.0.0.1:${port}/`);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(bytes.equals(Buffer.from(body))).toBe(true);
  expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
});

/** What the system is handed of an answer, piece by piece. */
function piecesOf(body: string, method = 'GET'): string[] {
  const pieces: string[] = [];
  const request = Object.assign(new IncomingMessage(new Socket()), { method });
  const response = new ServerResponse(request);
  const socket = new Socket();
  const keep = (chunk: string | Buffer, encoding: BufferEncoding | 'buffer') =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding).toString() : chunk.toString();
  socket._write = (chunk, encoding, done) => {
    pieces.push(keep(chunk, encoding as BufferEncoding));
    done();
  };
  socket._writev = (chunks, done) => {
    for (const { chunk, encoding } of chunks) pieces.push(keep(chunk, encoding));
    done();
  };
  response.assignSocket(socket);
  writeAnswer(response, { status: 200, contentType: 'text/plain; charset=utf-8', body, headers: undefined }, false);
  return pieces;
}

test.each([['plain'], ['é, of two bytes'], ['€, of three bytes'], ['\u{1f600}']])(
  'head and body of a small answer go out as one piece: %s',
  (body) => {
    const pieces = piecesOf(body);
    expect(pieces).toHaveLength(1);
    expect(pieces[0]).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(pieces[0]?.split('\r\n\r\n')[1]).toBe(body);
  },
);

test('the answer of a HEAD has the length of its body, and not the body', () => {
  const text = piecesOf('four', 'HEAD').join('');
  expect(text).toContain('content-length: 4\r\n');
  expect(text.endsWith('\r\n\r\n')).toBe(true);
});

test('a client that does not read leaves the system one part at a time, and the whole counts as kept', async () => {
  const body = 'x'.repeat(30_000_000);
  const seen = await new Promise<{ kept: number; held: number }>((resolve) => {
    void answering(body, (response, kept) => resolve({ kept, held: response.writableLength })).then((port) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).pause();
      onTestFinished(() => void socket.destroy());
    });
  });
  expect(seen.kept).toBe(30_000_000);
  expect(seen.held).toBeLessThan(200_000);
});
