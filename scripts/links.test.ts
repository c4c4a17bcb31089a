/** Links in the repository's Markdown lead to files and headings that there are. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, linksOf } from './docs/markdown.mjs';
import { filesBelow, root } from './workspace.mjs';

const skipped = /[/\\](?:node_modules|\.cache|dist|\.git)[/\\]/;
// Other tests make and remove folders in .cache, so it is not even listed.
const pages = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !['node_modules', '.cache', '.git'].includes(name))
  .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(root, entry.name)) : [join(root, entry.name)]))
  .filter((path) => path.endsWith('.md') && !skipped.test(path));
const anchors = new Map(pages.map((page) => [page, anchorsOf(readFileSync(page, 'utf8'))]));

/** What is wrong with a link; undefined when nothing is. */
function fault(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  const read = statSync(file).isDirectory() ? join(file, 'README.md') : file;
  return anchors.get(read)?.includes(anchor) ? undefined : 'there is no such heading';
}

test('every link within the repository leads somewhere', () => {
  const faults = pages.flatMap((page) =>
    linksOf(readFileSync(page, 'utf8')).flatMap((target) => {
      const why = fault(page, target);
      return why === undefined ? [] : [`${relative(root, page)}: ${target}: ${why}`];
    }),
  );
  expect(pages.length).toBeGreaterThan(80);
  expect(faults).toEqual([]);
});

test('a link to a file or heading that is not there is found', () => {
  const page = join(root, 'docs/README.md');
  expect(fault(page, 'nowhere.md')).toBe('there is no such file');
  expect(fault(page, 'tls.md#no-such-heading')).toBe('there is no such heading');
  expect(fault(page, 'tls.md#files-that-change')).toBeUndefined();
});
