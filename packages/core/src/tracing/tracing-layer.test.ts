import { background, stack, type TraceContext, traceKey } from '@fwk/kernel';
import { layerContract, scriptedService, seededRandom } from '@fwk/kernel/testing';
import { describe, expect, test } from 'vitest';
import { tracing } from './tracing-layer.js';

describe('tracing', () => {
  for (const { name, run } of layerContract({ layer: () => tracing<number, number>(), request: 1, answer: 2 })) {
    test(name, run);
  }

  test('starts a trace where there is none, and gives each layer inside a span of its own', async () => {
    const seen: (TraceContext | undefined)[] = [];
    const inner = scriptedService<number, number>((_, context) => {
      seen.push(context.get(traceKey));
      return 1;
    });
    const service = stack<number, number>({ random: seededRandom(1) })
      .use(tracing())
      .use(tracing())
      .into(inner);
    await service.call(1, background);
    expect(seen[0]?.parentSpanId).toMatch(/^[0-9a-f]{16}$/);
    expect(seen[0]?.spanId).not.toBe(seen[0]?.parentSpanId);
    expect(background.get(traceKey)).toBeUndefined();
  });

  test('stays in the caller’s trace', async () => {
    const inner = scriptedService<number, number>(1);
    const outer: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, tracestate: 'x=1' };
    const context = background.with({ values: [traceKey.of(outer)] });
    await stack<number, number>().use(tracing()).into(inner).call(1, context);
    expect(inner.calls[0]?.context.get(traceKey)).toMatchObject({
      traceId: outer.traceId,
      parentSpanId: outer.spanId,
      tracestate: 'x=1',
      flags: 1,
    });
  });
});
