import { createHook } from 'node:async_hooks';
import { createServer, IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { jsonContent } from '../contract/content.js';
import { exchangeRaw, rawConnection } from '../fixtures/raw-connection.js';
import { quickRequests } from './quick-request.js';
import { readBody } from './read-body.js';

const limits = { bodyLimitBytes: 1000, compression: undefined };

/** A server that answers what it was sent, or that it read nothing. */
async function echo(requests: typeof IncomingMessage, reads = true): Promise<number> {
  const server = createServer({ IncomingMessage: requests }, (request, response) => {
    if (reads)
      readBody(request, response, jsonContent, limits, (error, text) => response.end(error?.code ?? `got ${text}`));
    else response.end('unread');
  });
  return listening(server);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const json = 'Content-Type: application/json\r\n';
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const kinds = {
  'no body': [get, 'got '],
  'a body of no bytes': ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', 'got '],
  'a body': [`POST / HTTP/1.1\r\nHost: a\r\n${json}Content-Length: 2\r\n\r\n{}`, 'got {}'],
  'a body in chunks': [
    `POST / HTTP/1.1\r\nHost: a\r\n${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'got {}',
  ],
} as const;
const pairs = Object.keys(kinds).flatMap((first) => Object.keys(kinds).map((second) => [first, second] as const));

test.each(pairs)('a connection brings a request with %s, then one with %s', async (first, second) => {
  const port = await echo(quickRequests(IncomingMessage));
  const [[one, oneAnswer], [two, twoAnswer]] = [
    kinds[first as keyof typeof kinds],
    kinds[second as keyof typeof kinds],
  ];
  const text = await exchangeRaw(port, `${one}${two}${last}`);
  const answers = [...text.matchAll(/got [{}]*/g)].map(([answer]) => answer);
  expect(answers).toEqual([oneAnswer, twoAnswer, 'got ']);
});

test('what was not read of a body is no part of the next request', async () => {
  const port = await echo(quickRequests(IncomingMessage), false);
  const text = await exchangeRaw(port, `${kinds['a body'][0]}${last}`);
  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
});

const bytes = Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${json}Content-Length: 10\r\n\r\n{"a":"é"}`);

test.each(Array.from({ length: 12 }, (_, at) => at))(
  'a body is read whole when %d of its bytes come later',
  async (late) => {
    const port = await echo(quickRequests(IncomingMessage));
    const { socket, received, ended } = await rawConnection(port);
    socket.setNoDelay().write(bytes.subarray(0, bytes.length - late));
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.write(Buffer.concat([bytes.subarray(bytes.length - late), Buffer.from(last)]));
    await ended;
    expect(
      Buffer.from(received(), 'latin1')
        .toString()
        .match(/got [^H]*/g),
    ).toEqual(['got {"a":"é"}', 'got ']);
  },
);

test('a body that nobody wanted until it had arrived is read all the same', async () => {
  const server = createServer({ IncomingMessage: quickRequests(IncomingMessage) }, (request, response) => {
    setTimeout(
      () => readBody(request, response, jsonContent, limits, (_error, text) => response.end(`got ${text}`)),
      20,
    );
  });
  const text = await exchangeRaw(await listening(server), `${kinds['a body'][0]}${last}`);
  expect(text.match(/got [^H]*/g)).toEqual(['got {}', 'got ']);
});

test('the rest of a body whose request has its answer is dropped, and never told', async () => {
  let told = 0;
  const server = createServer({ IncomingMessage: quickRequests(IncomingMessage) }, (request, response) => {
    readBody(request, response, jsonContent, limits, () => told++);
    response.end('early');
  });
  const { socket, received, ended } = await rawConnection(
    await listening(server),
    bytes.subarray(0, -5).toString('latin1'),
  );
  await vi.waitFor(() => expect(received()).toContain('early'));
  socket.write(Buffer.concat([bytes.subarray(-5), Buffer.from(last)]));
  await ended;
  expect(received().match(/early/g)).toHaveLength(2);
  // The second has no body, which is told at once.
  expect(told).toBe(1);
});

test.each([
  ['no body', 0.6],
  ['a body', 0.8],
] as const)('a request with %s takes far fewer turns than Node makes of it', async (kind, share) => {
  const turnsOf = async (requests: typeof IncomingMessage) => {
    const port = await echo(requests);
    let turns = 0;
    const count = (_id: number, type: string) => {
      if (type === 'TickObject') turns++;
    };
    const hook = createHook({ init: count }).enable();
    await exchangeRaw(port, `${kinds[kind][0].repeat(50)}${last}`);
    hook.disable();
    return turns;
  };
  const theirs = await turnsOf(IncomingMessage);
  expect(await turnsOf(quickRequests(IncomingMessage))).toBeLessThan(theirs * share);
});
