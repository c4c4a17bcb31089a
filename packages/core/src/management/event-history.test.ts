import { eventBus, type FeedReader, isManagementFeed, type ManagementRequest } from '@fwk/kernel';
import { fakeClock } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { EventHistory, maxKeptEvents } from './event-history.js';
import { eventsEndpoint } from './events-endpoint.js';

/** A history that keeps three, and what a reader of its stream is sent. */
function kept(capacity = 3) {
  const bus = eventBus({ clock: fakeClock(0, 5000) });
  const history = new EventHistory(bus, 'run1', capacity);
  const endpoint = eventsEndpoint(history);
  const ask = (request: Partial<ManagementRequest> = {}) =>
    endpoint.handle({ parameter: undefined, query: {}, body: undefined, ...request });
  const listen = (request: Partial<ManagementRequest> = {}) => {
    const feed = ask(request);
    if (!isManagementFeed(feed)) return expect.unreachable();
    const sent: string[] = [];
    const reader: FeedReader = { send: (text) => void sent.push(text) };
    const listening = feed.listen(reader);
    /** What was sent since the last look, without the hint of when to come back. */
    const fresh = () => sent.splice(0).filter((text) => !text.startsWith('retry: '));
    return { fresh, beat: () => feed.beat(), [Symbol.dispose]: () => listening[Symbol.dispose]() };
  };
  const emit = (...names: string[]) => {
    for (const name of names) bus.emit(name, {});
  };
  return { bus, history, ask, listen, emit };
}

const named = (sent: readonly string[]) => sent.map((text) => /event: (.*)/.exec(text)?.[1]);

describe('a reader who comes back', () => {
  test('goes on behind the last event that it knows', () => {
    const { emit, listen } = kept();
    emit('a.a', 'a.b', 'a.c');
    const { fresh } = listen({ lastEventId: 'run1-1' });
    expect(fresh()).toEqual([
      'id: run1-2\nevent: a.b\ndata: {"name":"a.b","atMs":5000,"data":{}}\n\n',
      'id: run1-3\nevent: a.c\ndata: {"name":"a.c","atMs":5000,"data":{}}\n\n',
    ]);
    emit('a.d');
    expect(named(fresh())).toEqual(['a.d']);
  });

  test('may say so in the query, and is given only what it asks for', () => {
    const { emit, listen } = kept();
    emit('a.a', 'b.b', 'a.c');
    expect(named(listen({ query: { after: 'run1-1', name: 'a.*' } }).fresh())).toEqual(['a.c']);
  });

  test('knows all, and is told nothing', () => {
    const { emit, listen } = kept();
    emit('a.a', 'a.b');
    expect(listen({ lastEventId: 'run1-2' }).fresh()).toEqual([]);
    expect(kept().listen({ lastEventId: 'run1-0' }).fresh()).toEqual([]);
  });

  test('is told of a gap, and how many are lost', () => {
    const { emit, listen } = kept();
    emit('a.a', 'a.b', 'a.c', 'a.d', 'a.e');
    expect(named(listen({ lastEventId: 'run1-2' }).fresh())).toEqual(['a.c', 'a.d', 'a.e']);
    const [gap, ...others] = listen({ lastEventId: 'run1-1' }).fresh();
    expect(gap).toBe('event: gap\ndata: {"missed":1,"reason":"only the last 3 events are kept"}\n\n');
    expect(named(others)).toEqual(['a.c', 'a.d', 'a.e']);
  });

  test.each([
    'run0-1',
    'run1-9',
    'run1',
    'run1-',
    '-1',
    'run1--1',
    'run1-1e3',
    'run1-1.5',
    `run1-${'9'.repeat(400)}`,
    '\0',
    'x'.repeat(9000),
  ])('with an id that is none of this run is told so, and gets all that is kept: %j', (lastEventId) => {
    const { emit, listen } = kept();
    emit('a.a', 'a.b');
    const [gap, ...others] = listen({ lastEventId }).fresh();
    expect(gap).toMatch(/^event: gap\ndata: \{"missed":null,"reason":".*none of this run.*"\}\n\n$/);
    expect(named(others)).toEqual(['a.a', 'a.b']);
  });

  test('who waited for rare events misses none, since quiet times move its place as well', () => {
    const { emit, listen } = kept();
    const { fresh, beat } = listen({ query: { name: 'rare.*' } });
    emit('a.a', 'a.b', 'a.c', 'a.d', 'a.e');
    expect(fresh()).toEqual([]);
    // An id without data is no event, but what a browser sends when it comes back.
    expect(beat()).toBe(': ping\nid: run1-5\n\n');
    expect(listen({ lastEventId: 'run1-5', query: { name: 'rare.*' } }).fresh()).toEqual([]);
  });
});

describe('a new reader', () => {
  test('gets what happens from now on, or the last ones first', () => {
    const { emit, listen } = kept();
    emit('a.a', 'b.b', 'a.c');
    const { fresh } = listen();
    expect(fresh()).toEqual([]);
    expect(named(listen({ query: { recent: '2' } }).fresh())).toEqual(['b.b', 'a.c']);
    expect(named(listen({ query: { recent: '2', name: 'a.*' } }).fresh())).toEqual(['a.a', 'a.c']);
    expect(listen({ query: { recent: '0' } }).fresh()).toEqual([]);
  });

  test('may ask for several names and families', () => {
    const { emit, listen } = kept();
    const { fresh } = listen({ query: { name: 'breaker.*,endpoint.ejected' } });
    emit('breaker.opened', 'endpoint.added', 'endpoint.ejected', 'breakers.opened');
    expect(named(fresh())).toEqual(['breaker.opened', 'endpoint.ejected']);
  });

  test('that has left is sent nothing', () => {
    const { emit, listen } = kept();
    const reader = listen();
    reader[Symbol.dispose]();
    emit('a.a');
    expect(reader.fresh()).toEqual([]);
  });

  test.each([
    [{ name: '' }],
    [{ name: 'breaker.*,' }],
    [{ name: '**' }],
    [{ name: 'a b' }],
    [{ name: 'x,'.repeat(5000) }],
    [{ recent: '-1' }],
    [{ recent: '1e3' }],
    [{ recent: String(maxKeptEvents + 1) }],
    [{ recent: '' }],
  ])('that asks for what makes no sense is refused: %j', (query) => {
    expect(() => kept().ask({ query })).toThrow(expect.objectContaining({ status: 400 }));
  });
});

test('a client that wants JSON is given a list of the last ones', () => {
  const { emit, ask } = kept();
  emit('a.a', 'b.b', 'a.c', 'a.d');
  const accept = 'application/json';
  expect(ask({ accept, query: { name: 'a.*', recent: '1' } })).toEqual({
    lastId: 'run1-4',
    events: [{ id: 'run1-4', name: 'a.d', atMs: 5000, data: {} }],
  });
  expect(isManagementFeed(ask({ accept: '*/*' }))).toBe(true);
  expect(isManagementFeed(ask({ accept: 'text/event-stream, application/json;q=0.5' }))).toBe(true);
});

test('no secret is shown, and an event that is too long is shown without its data', () => {
  const { bus, listen } = kept();
  const { fresh } = listen();
  bus.emit('login.failed', { password: 'hunter2', url: 'https://a/?sig=hunter2' });
  bus.emit('big', { texts: Array.from({ length: 100 }, () => 'x'.repeat(5000)) });
  const [login, big] = fresh();
  expect(login).not.toContain('hunter2');
  expect(big?.length).toBeLessThan(300);
  expect(big).toContain('characters, of which at most 65536 are shown');
});

test('nothing is kept beyond its bound, and nothing once it is over', () => {
  const { emit, history } = kept();
  emit(...Array.from({ length: 10 }, (_, index) => `a.${index}`));
  expect(history.kept.map(({ name }) => name)).toEqual(['a.7', 'a.8', 'a.9']);
  history[Symbol.dispose]();
  emit('a.late');
  expect(history.lastId).toBe('run1-10');
});
