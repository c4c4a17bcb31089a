import { createHook } from 'node:async_hooks';
import { createServer, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { exchangeRaw } from '../fixtures/raw-connection.js';
import { bodilessRequests } from './bodiless-request.js';
import { readBody } from './read-body.js';

/** A server that answers what it was sent, or that it read nothing. */
async function echo(requests: typeof IncomingMessage, reads = true): Promise<number> {
  const server = createServer({ IncomingMessage: requests }, (request, response) => {
    if (reads) readBody(request, response, 1000, (error, text) => response.end(error?.code ?? `got ${text}`));
    else response.end('unread');
  });
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
  const port = await echo(bodilessRequests(IncomingMessage));
  const [[one, oneAnswer], [two, twoAnswer]] = [
    kinds[first as keyof typeof kinds],
    kinds[second as keyof typeof kinds],
  ];
  const text = await exchangeRaw(port, `${one}${two}${last}`);
  const answers = [...text.matchAll(/got [{}]*/g)].map(([answer]) => answer);
  expect(answers).toEqual([oneAnswer, twoAnswer, 'got ']);
});

test('what was not read of a body is no part of the next request', async () => {
  const port = await echo(bodilessRequests(IncomingMessage), false);
  const text = await exchangeRaw(port, `${kinds['a body'][0]}${last}`);
  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2);
});

test('a request without a body takes hardly more than half of the turns that Node makes of it', async () => {
  const turnsOf = async (requests: typeof IncomingMessage) => {
    const port = await echo(requests);
    let turns = 0;
    const count = (_id: number, type: string) => {
      if (type === 'TickObject') turns++;
    };
    const hook = createHook({ init: count }).enable();
    await exchangeRaw(port, `${get.repeat(50)}${last}`);
    hook.disable();
    return turns;
  };
  const theirs = await turnsOf(IncomingMessage);
  expect(await turnsOf(bodilessRequests(IncomingMessage))).toBeLessThan(theirs * 0.6);
});
