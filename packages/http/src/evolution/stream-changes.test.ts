import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '../contract/contract.js';
import { type StreamOptions, streamOf } from '../contract/item-stream.js';
import { get, type OperationSpec, post } from '../contract/operation.js';
import { feed } from '../fixtures/feed-contract.js';
import { compareContracts } from './compare-contracts.js';
import { describeContract } from './contract-description.js';
import { openApi } from './open-api.js';

const tick = z.object({ seq: z.number() });
const answering = (spec: Pick<OperationSpec, 'stream' | 'response'>) =>
  contract('feed', { version: '1.0.0', operations: { ticks: get('/ticks', spec) } });
const taking = (spec: Pick<OperationSpec, 'body' | 'bodyStream'>) =>
  contract('feed', { version: '1.0.0', operations: { load: post('/load', spec) } });
const stream = (options: Partial<StreamOptions<{ seq: number }>>) => answering({ stream: streamOf(tick, options) });
const body = (options: Partial<StreamOptions<{ seq: number }>>) => taking({ bodyStream: streamOf(tick, options) });
const breaks = (...[older, newer]: Parameters<typeof compareContracts>) =>
  compareContracts(older, newer).changes.map((change) => change.breaks);

describe('a change of a stream', () => {
  test.each([
    ['nothing', stream({}), stream({}), []],
    ['an answer that becomes a stream', answering({ response: tick }), stream({}), ['old clients']],
    ['an answer that is none any more', stream({}), answering({ response: tick }), ['old clients']],
    [
      'a field of items that goes',
      answering({ stream: tick.extend({ text: z.string() }) }),
      stream({}),
      ['old clients'],
    ],
    [
      'a field of items that is new',
      stream({}),
      answering({ stream: tick.extend({ text: z.string() }) }),
      ['new clients'],
    ],
    ['ids that go', stream({ id: ({ seq }) => seq }), stream({}), ['old clients']],
    ['ids that are new', stream({}), stream({ id: ({ seq }) => seq }), ['new clients']],
    ['larger items', stream({}), stream({ maxItemBytes: 2_000_000 }), ['old clients']],
    ['smaller items', stream({}), stream({ maxItemBytes: 2000 }), ['new clients']],
    ['rarer heartbeats', stream({}), stream({ heartbeatMs: false }), ['old clients']],
    ['a shorter stream', stream({}), stream({ totalMs: 1000 }), ['old clients']],
    ['a longer time without an item', stream({}), stream({ idleMs: false }), ['nobody']],
    ['a body that becomes a stream', taking({ body: tick }), body({}), ['nobody', 'old clients']],
    ['a body of smaller items', body({}), body({ maxItemBytes: 2000 }), ['old clients']],
    ['a body of larger items', body({}), body({ maxItemBytes: 2_000_000 }), ['new clients']],
    [
      'a body whose items need more',
      body({}),
      taking({ bodyStream: tick.extend({ text: z.string() }) }),
      ['old clients'],
    ],
  ])('%s', (_what, older, newer, expected) => {
    expect(breaks(older, newer)).toEqual(expected);
  });
});

test('a description can be kept as JSON', () => {
  const kept = JSON.parse(JSON.stringify(describeContract(feed)));
  expect(compareContracts(kept, feed).changes).toEqual([]);
  expect(kept.operations.bounded.stream).toMatchObject({
    as: 'ndjson',
    resumable: false,
    totalMs: 5000,
    maxItemBytes: 100,
  });
});

test('OpenAPI shows both forms, the items of bodies, and where a stream goes on', () => {
  const { paths } = openApi(feed);
  const events = paths['/events']?.get;
  expect(events?.responses[200]).toMatchObject({ content: { 'application/x-ndjson': {}, 'text/event-stream': {} } });
  expect(events?.parameters).toMatchObject([{ name: 'last-event-id', in: 'header', required: false }]);
  expect(paths['/load']?.post?.requestBody).toMatchObject({
    content: { 'application/x-ndjson': { schema: { type: 'object' } } },
  });
});
