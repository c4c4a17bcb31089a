import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linksOf } from '../docs/markdown.mjs';
import { packageNames, root } from '../workspace.mjs';
import { repositoryPage } from './repository.mjs';
import { readmeOf } from './stage.mjs';

test('links of a published README lead to the code host, at the tag of its version', () => {
  const text = [
    '[testing](../../docs/testing.md#retries) and [mux](../mux), [its changes](CHANGELOG.md)',
    '```sh',
    'echo "](../../docs/testing.md)"',
    '```',
  ].join('\n');
  const page = `${repositoryPage}/blob/v1.2.3`;
  expect(readmeOf(text, 'packages/core', 'v1.2.3').split('\n')).toEqual([
    `[testing](${page}/docs/testing.md#retries) and [mux](${repositoryPage}/tree/v1.2.3/packages/mux), ` +
      `[its changes](${page}/packages/core/CHANGELOG.md)`,
    ...text.split('\n').slice(1),
  ]);
});

test('links within the page, and those that are absolute, stay as they are', () => {
  const text = '[below](#map), [node](https://nodejs.org/api/), [mail](mailto:a@b.example)';
  expect(readmeOf(text, 'packages/core', 'v1.2.3')).toBe(text);
});

test('no link of a published README needs the repository around it', () => {
  const links = packageNames().flatMap((name) => {
    const text = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
    return linksOf(readmeOf(text, `packages/${name}`, 'v1.2.3'));
  });
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter((target) => !/^(?:https:|#)/.test(target))).toEqual([]);
});
