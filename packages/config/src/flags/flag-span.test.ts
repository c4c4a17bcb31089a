import {
  background,
  type CallContext,
  runInContext,
  type Span,
  type TraceContext,
  type Tracer,
  traceKey,
} from '@fwk/kernel';
import { describe, expect, test } from 'vitest';
import { flagsInMemory } from '../fixtures/flags-in-memory.js';
import { flagContextKey } from './flag-context.js';

const definitions = {
  theme: {
    variants: { dark: 'd', light: 'l' },
    default: 'light',
    rules: [{ if: { attribute: 'plan', equals: 'pro' }, serve: 'dark' }],
  },
  canary: {
    policy: 'inventory',
    variants: { usual: {}, canary: { timeoutMs: 5 } },
    default: 'usual',
    rules: [{ rollout: { canary: 100 } }],
  },
  express: { default: 'on' },
};

/** A span that keeps what is told. */
function recording() {
  const attributes: Record<string, unknown> = {};
  const events: (readonly [string, object])[] = [];
  const span: Span = {
    name: 'GET /cart',
    set: (name, value) => void Object.assign(attributes, { [name]: value }),
    describe: (details) => details.setOn(span),
    event: (name, data) => void events.push([name, data]),
    end: () => {},
  };
  const trace: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, tracestate: '', span };
  return { attributes, events, trace };
}

const noTracer: Tracer = { start: () => recording().trace };

function callWith(trace: TraceContext, key?: string): CallContext {
  const values = [traceKey.of(trace), flagContextKey.of({ key })];
  return background.with({ values });
}

describe('in the span of a call', () => {
  test('each flag that is asked is an event, once while it answers the same', async () => {
    const { flags } = await flagsInMemory(definitions, {}, { tracer: noTracer });
    const { trace, events, attributes } = recording();
    runInContext(callWith(trace, 'me'), () => {
      flags.value('theme', 'l');
      flags.value('theme', 'l');
      flags.value('express', false);
      flags.value('theme', 'l', { key: 'you', attributes: { plan: 'pro' } });
      flags.value('missing', false);
      flags.value('theme', 7);
    });
    const common = { 'feature_flag.provider.name': 'fwk', 'feature_flag.context.id': 'me' };
    expect(events.map(([name]) => name)).toEqual(Array(5).fill('feature_flag.evaluation'));
    expect(events.map(([, data]) => data)).toEqual([
      {
        ...common,
        'feature_flag.key': 'theme',
        'feature_flag.result.variant': 'light',
        'feature_flag.result.reason': 'default',
      },
      {
        ...common,
        'feature_flag.key': 'express',
        'feature_flag.result.variant': 'on',
        'feature_flag.result.reason': 'static',
      },
      {
        ...common,
        'feature_flag.key': 'theme',
        'feature_flag.result.variant': 'dark',
        'feature_flag.result.reason': 'targeting_match',
        'feature_flag.context.id': 'you',
      },
      {
        ...common,
        'feature_flag.key': 'missing',
        'feature_flag.result.reason': 'error',
        'error.type': 'flag_not_found',
      },
      { ...common, 'feature_flag.key': 'theme', 'feature_flag.result.reason': 'error', 'error.type': 'type_mismatch' },
    ]);
    expect(attributes).toEqual({
      'feature_flag.key': 'theme',
      'feature_flag.result.variant': 'light',
      'feature_flag.result.reason': 'default',
    });
  });

  test('a flag that chooses the options of a policy is told in the span of the call that asks', async () => {
    const { flags } = await flagsInMemory(definitions, {}, { tracer: noTracer });
    const { trace, events } = recording();
    flags.ofPolicy('inventory').value?.variantFor(callWith(trace, 'me'), undefined);
    expect(events).toEqual([
      [
        'feature_flag.evaluation',
        expect.objectContaining({ 'feature_flag.key': 'canary', 'feature_flag.result.reason': 'split' }),
      ],
    ]);
  });

  test('a key that is too long to be an id is left out, and so is no key', async () => {
    const { flags } = await flagsInMemory(definitions, {}, { tracer: noTracer });
    for (const key of ['x'.repeat(257), undefined]) {
      const { trace, events } = recording();
      runInContext(callWith(trace, key), () => flags.value('theme', 'l'));
      expect(events[0]?.[1]).not.toHaveProperty('feature_flag.context.id');
    }
  });

  test('nothing is told where nobody records, and outside any call', async () => {
    const { flags } = await flagsInMemory(definitions);
    const { trace, events } = recording();
    runInContext(callWith(trace), () => flags.value('theme', 'l'));
    const traced = await flagsInMemory(definitions, {}, { tracer: noTracer });
    traced.flags.value('theme', 'l', { key: 'me' });
    runInContext(callWith({ ...trace, span: undefined }), () => traced.flags.value('theme', 'l'));
    expect(events).toEqual([]);
  });
});

test('an exposure says in which call it was', async () => {
  const { flags, events } = await flagsInMemory(definitions);
  const { trace } = recording();
  runInContext(callWith(trace, 'me'), () => flags.value('theme', 'l'));
  flags.ofPolicy('inventory').value?.variantFor(callWith(trace, 'me'), undefined);
  flags.value('theme', 'l', { key: 'you' });
  const exposed = events.all.filter(({ name }) => name === 'flag.exposed').map(({ data }) => data);
  const { traceId, spanId } = trace;
  expect(exposed).toEqual([
    { flag: 'theme', variant: 'light', reason: 'DEFAULT', contextId: 'me', traceId, spanId },
    { flag: 'canary', variant: 'canary', reason: 'SPLIT', contextId: 'me', traceId, spanId },
    { flag: 'theme', variant: 'light', reason: 'DEFAULT', contextId: 'you' },
  ]);
});
