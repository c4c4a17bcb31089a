import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packages = fileURLToPath(new URL('./packages', import.meta.url));

export default defineConfig({
  // Unit tests run from the sources, so that a test never passes on yesterday's build; process tests start built programs.
  resolve: {
    alias: [
      { find: /^@fwk\/([a-z]+)$/, replacement: `${packages}/$1/src/index.ts` },
      { find: /^@fwk\/([a-z]+)\/([a-z-]+)$/, replacement: `${packages}/$1/src/$2.ts` },
    ],
  },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: ['scripts/built.mjs'],
    include: [
      'packages/*/src/**/*.test.ts',
      'examples/**/*.test.ts',
      'scripts/**/*.test.ts',
      'simulate/**/*.test.ts',
      'drills/**/*.test.ts',
      'interop/**/*.test.ts',
      'bench/*.test.ts',
    ],
    // The default leaves one processor free, which is half of a machine with two; many tests wait for processes anyway.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
  },
});
