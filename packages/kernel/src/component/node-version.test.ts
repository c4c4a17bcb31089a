import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkNodeVersion, oldestNode } from './node-version.js';

test('a Node that is too old is refused with its version, the wanted one and what to do', () => {
  for (const version of ['20.18.3', '18.20.8', '0.12.18', '20.9.0']) {
    expect(() => checkNodeVersion(version)).toThrow(
      expect.objectContaining({
        code: 'FWK_KERNEL_NODE_TOO_OLD',
        message: expect.stringContaining(
          `@fwk needs Node 20.19 or newer, and this is Node ${version} (${process.execPath})`,
        ),
      }),
    );
  }
});

test('the oldest Node that will do and all newer ones are taken, releases to come too', () => {
  for (const version of ['20.19.0', '20.100.1', '21.0.0', '26.0.0-nightly20260101', '100.0.0']) {
    expect(() => checkNodeVersion(version)).not.toThrow();
  }
});

test('the manifest asks for the same Node', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(engines.node).toBe(`>=${oldestNode.join('.')}`);
});
