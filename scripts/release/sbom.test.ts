import { expect, test } from 'vitest';
import { lackingIn } from './sbom.mjs';

const manifest = { name: '@fwk/core', version: '1.2.3', dependencies: { '@fwk/kernel': '1.2.3', pino: '^10.0.0' } };
const list = (itself: string, ...components: readonly string[]) => ({
  metadata: { component: { purl: itself } },
  components: components.map((purl) => ({ purl })),
});
const core = 'pkg:npm/%40fwk/core@1.2.3';
const kernel = 'pkg:npm/%40fwk/kernel@1.2.3';

test('a list of what a package brings has the package itself and all that its manifest names', () => {
  expect(lackingIn(list(core, kernel, 'pkg:npm/pino@10.4.0'), manifest)).toEqual([]);
  expect(lackingIn(list(core, kernel, 'pkg:npm/pino-std-serializers@7.1.0'), manifest)).toEqual(['pino']);
  expect(lackingIn(list('pkg:npm/workspace@0.0.0', 'pkg:npm/pino@10.4.0'), manifest)).toEqual([
    '@fwk/core',
    '@fwk/kernel',
  ]);
});
