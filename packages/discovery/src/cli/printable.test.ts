import { printable } from '@fwk/kernel';
import { expect, test, vi } from 'vitest';
import { memoryRegistry } from '../registries/memory-registry.js';
import { anInstance } from '../testing/instances.js';
import { operate } from './operate.js';
import { stderrLogger } from './stderr-logger.js';

const hostile = 'a\u001b[2J\u0007\u009b1m\u202eb\rc\nd\u2028e\u007f';

test('what is logged to a terminal is printable', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  stderrLogger().warn({ cause: hostile, err: new Error(hostile) }, `lost ${hostile}`);
  const text = String(write.mock.calls[0]?.[0]);
  write.mockRestore();
  expect(text.slice(0, -1)).toBe(printable(text.slice(0, -1)));
});

test.each([false, true])(
  'the list is printable, as JSON: %j',
  async (json) => {
    const registry = memoryRegistry();
    await registry.register(anInstance({ zone: 'x\u202ey' }));
    const said: string[] = [];
    await operate(registry, { verb: 'list', json } as Parameters<typeof operate>[1], (text) => void said.push(text));
    expect(said.join('\n')).not.toMatch(/\u202e/);
  },
  20_000,
);
