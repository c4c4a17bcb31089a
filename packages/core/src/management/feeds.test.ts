import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FeedReader, managementFeed, noLogger } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Feeds, maxFeedReaders } from './feeds.js';

let server: Server;
let feeds: Feeds;
let clock: ReturnType<typeof fakeClock>;
const readers = new Set<FeedReader>();
let warned: string[] = [];
let late = false;

beforeEach(async () => {
  clock = fakeClock();
  warned = [];
  readers.clear();
  feeds = new Feeds(clock, { ...noLogger, warn: (...told: unknown[]) => void warned.push(String(told[1])) });
  const feed = managementFeed({
    listen(reader) {
      readers.add(reader);
      return { [Symbol.dispose]: () => void readers.delete(reader) };
    },
  });
  server = createServer(async ({ url = '' }, response) => {
    if (url === '/late') await new Promise((resolve) => response.on('close', resolve));
    try {
      feeds.open(url, url === '/broken' ? broken : feed, response);
      if (url === '/late') late = true;
    } catch (error) {
      response.writeHead(Object(error).status ?? 500).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  feeds[Symbol.dispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const broken = managementFeed({
  listen() {
    throw new Error('no such thing');
  },
});

function open(path = '/feed'): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject);
  });
}

function textOf(response: IncomingMessage): { text: string; ended: boolean } {
  const seen = { text: '', ended: false };
  response.setEncoding('utf8').on('data', (chunk: string) => {
    seen.text += chunk;
  });
  response
    .on('error', () => {})
    .on('close', () => {
      seen.ended = true;
    });
  return seen;
}

test('all readers of a feed are kept alive by one timer, which goes with the last of them', async () => {
  const [one, other] = [await open(), await open()];
  const [first, second] = [textOf(one), textOf(other)];
  await expect.poll(() => [first.text, second.text]).toEqual([': ping\n\n', ': ping\n\n']);
  expect(clock.pending).toBe(1);
  await clock.advance(15_000);
  await expect.poll(() => [first.text, second.text]).toEqual([': ping\n\n'.repeat(2), ': ping\n\n'.repeat(2)]);
  one.destroy();
  await expect.poll(() => readers.size).toBe(1);
  expect(clock.pending).toBe(1);
  other.destroy();
  await expect.poll(() => readers.size).toBe(0);
  expect(clock.pending).toBe(0);
});

test('a reader too many is refused, but not a reader of another feed', async () => {
  for (let index = 0; index < maxFeedReaders; index++) (await open()).resume();
  expect((await open()).statusCode).toBe(503);
  expect((await open('/other')).statusCode).toBe(200);
});

test('a reader who reads nothing is cut off when too much waits for it, and the others read on', async () => {
  const slow = (await open()).pause();
  slow.on('error', () => {});
  const fast = textOf(await open());
  const piece = `data: ${'x'.repeat(100_000)}\n\n`;
  for (let sent = 0; readers.size === 2 && sent < 500; sent++) {
    for (const reader of readers) reader.send(piece);
    const length = fast.text.length;
    await expect.poll(() => fast.text.length).toBeGreaterThan(length);
  }
  expect(readers.size).toBe(1);
  expect(warned).toEqual(['a reader of /manage//feed was cut off: it reads too slowly']);
  expect(fast.ended).toBe(false);
});

test('a feed that cannot begin takes no place', async () => {
  for (let index = 0; index <= maxFeedReaders; index++) expect((await open('/broken')).statusCode).toBe(500);
  expect(clock.pending).toBe(0);
});

test('a client that has left before its feed begins takes no place', async () => {
  const { port } = server.address() as AddressInfo;
  const left = get({ host: '127.0.0.1', port, path: '/late', agent: false }).on('error', () => {});
  await new Promise((resolve) => server.once('request', resolve));
  left.destroy();
  await expect.poll(() => late).toBe(true);
  expect([readers.size, clock.pending]).toEqual([0, 0]);
});

test('all end when they are disposed of', async () => {
  const seen = textOf(await open());
  await expect.poll(() => seen.text).toBe(': ping\n\n');
  feeds[Symbol.dispose]();
  await expect.poll(() => seen.ended).toBe(true);
  expect([readers.size, clock.pending]).toEqual([0, 0]);
});
