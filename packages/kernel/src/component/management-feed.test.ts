import { expect, test } from 'vitest';
import { isManagementFeed, managementFeed, serverSentEvent } from './management-feed.js';

test('an event has its id, its name and each line of its data on a line of its own', () => {
  expect(serverSentEvent({ data: '{"a":1}' })).toBe('data: {"a":1}\n\n');
  expect(serverSentEvent({ name: 'breaker.opened', id: '7', data: 'one\ntwo\r\nthree\rfour' })).toBe(
    'id: 7\nevent: breaker.opened\ndata: one\ndata: two\ndata: three\ndata: four\n\n',
  );
});

test('no name and no id can forge a field of the stream', () => {
  expect(serverSentEvent({ name: 'x\ndata: evil', id: '1\r\nretry: 1\0', data: '' })).toBe(
    'id: 1  retry: 1 \nevent: x data: evil\ndata: \n\n',
  );
});

test('a feed is told from plain data', () => {
  const feed = managementFeed({ listen: () => ({ [Symbol.dispose]() {} }) });
  expect(isManagementFeed(feed)).toBe(true);
  expect(feed.beat()).toBe(': ping\n\n');
  for (const other of [undefined, null, {}, 'feed', { listen: feed.listen, beat: feed.beat }]) {
    expect(isManagementFeed(other)).toBe(false);
  }
});
