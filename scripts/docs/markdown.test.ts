import { describe, expect, test } from 'vitest';
import { anchorsOf, blocksOf, headingsOf, linksOf, piecesOf, withLinks } from './markdown.mjs';

const page = [
  '# A `page` of [ours](a.md)',
  '',
  'See [one](b.md#c), `[no](link)` and',
  '[two](d.md).',
  '',
  '```ts',
  '# no heading',
  'const link = [1](e.md);',
  '```',
  '',
  '- In a list:',
  '',
  '  ````md',
  '  ```sh',
  '  ls',
  '  ```',
  '  ````',
  '',
  '## Say why, always!',
  '## Say why, always!',
].join('\n');

describe('a page of Markdown', () => {
  test('is the same when its pieces are joined', () => {
    expect(
      piecesOf(page)
        .map(({ text }) => text)
        .join('\n'),
    ).toBe(page);
  });

  test('has code blocks with language, line and code, one within another left as it is', () => {
    expect(blocksOf(page).map(({ language, line, code }) => ({ language, line, code }))).toEqual([
      { language: 'ts', line: 6, code: '# no heading\nconst link = [1](e.md);' },
      { language: 'md', line: 13, code: '```sh\nls\n```' },
    ]);
  });

  test('has the links outside code', () => {
    expect(linksOf(page)).toEqual(['a.md', 'b.md#c', 'd.md']);
    expect(withLinks(page, (target: string) => target.toUpperCase())).toContain('`[no](link)` and\n[two](D.MD).');
  });

  test('has headings, and anchors as code hosts make them', () => {
    expect(headingsOf(page)[0]).toEqual({ level: 1, title: 'A page of ours' });
    expect(anchorsOf(page)).toEqual(['a-page-of-ours', 'say-why-always', 'say-why-always-1']);
  });
});
