import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instanceLimits, parseInstance } from '../../instance.js';
import { anInstance } from '../../testing/instances.js';
import { readMeta, writeMeta } from './meta.js';

const word = fc
  .string({ minLength: 1, maxLength: instanceLimits.wordLength, unit: 'binary' })
  .filter((text) => /^[^\p{Cc}]+$/u.test(text) && text !== '__proto__');
const name = word.filter((text) => text.length <= instanceLimits.nameLength);
const version = fc
  .tuple(fc.nat(), fc.nat(), fc.nat(), fc.stringMatching(/^(-[a-z]{1,50})?(\+[\dA-Za-z-]{1,100})?$/))
  .map(([major, minor, patch, more]) => `${major}.${minor}.${patch}${more}`);
const instances = fc
  .record(
    {
      version,
      zone: name,
      owner: name,
      weight: fc.double({ min: 0.001, max: 1000, noNaN: true }),
      contracts: fc.array(word, { maxLength: 20 }),
      lastChange: fc.record({ cause: word, actor: word, atMs: fc.nat() }),
      metadata: fc.dictionary(
        fc.oneof(word, fc.constantFrom('scheme', 'fwk-status', 'fwk-more-0', 'consul-x')),
        fc.string({ maxLength: 700, unit: 'binary' }),
        { maxKeys: 8 },
      ),
    },
    { requiredKeys: ['version'] },
  )
  .map((parts) => anInstance(parts));

test('whatever an instance says comes back from Consul’s Meta, within Consul’s limits', () => {
  fc.assert(
    fc.property(instances, (instance) => {
      const meta = writeMeta(instance, 'holder');
      for (const [key, value] of Object.entries(meta)) {
        expect(key).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(512);
      }
      const { id, service, address, port } = instance;
      expect(parseInstance({ id, service, address, port, ...readMeta(meta) })).toEqual(instance);
    }),
  );
});

test.each(['{', '[]', '7', 'null', '{"metadata":5}', '{"__proto__":{"polluted":1}}'])(
  'takes %s in place of what was packed for somebody’s mistake, and goes on',
  (text) => {
    const read = readMeta({ 'fwk-version': '1.0.0', 'fwk-more-0': text, colour: 'blue' });
    expect(read).toMatchObject({ version: '1.0.0', metadata: { colour: 'blue' } });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  },
);
