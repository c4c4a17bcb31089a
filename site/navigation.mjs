/** The side bar: what docs/README.md lists, by its headings. A page that it does not list stands under the last one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headingsOf, linksOf } from '../scripts/docs/markdown.mjs';
import { root } from '../scripts/workspace.mjs';
import { siteLink, sitePages } from './pages.mjs';

const index = 'docs/README.md';
const ownSideBar = /^decisions\//;

/**
 * @param {string} [text] of the index
 * @param {Map<string, string>} [pages] of the site
 * @param {(file: string) => string} [titleOf] a page that the index does not name
 * @returns {{ text: string, items: { text: string, link: string }[] }[]}
 */
export function sideBar(text = read(index), pages = sitePages(), titleOf = firstHeading) {
  const sections = text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title, ...lines] = section.split('\n');
      return { text: title, items: namedLinks(lines.join('\n')).flatMap((link) => itemOf(link, pages)) };
    })
    .filter(({ items }) => items.length > 0);
  const listed = new Set(['/', ...sections.flatMap(({ items }) => items.map(({ link }) => link))]);
  const rest = [...pages]
    .map(([file, page]) => ({ file, link: addressOf(page) }))
    .filter(({ file, link }) => file.startsWith('docs/') && !listed.has(link) && !ownSideBar.test(link.slice(1)))
    .map(({ file, link }) => ({ text: titleOf(file), link }));
  return rest.length === 0 ? sections : [...sections, { text: 'More', items: rest }];
}

/** The side bar of the decisions. */
export function decisionsBar() {
  const file = 'docs/decisions/README.md';
  const pages = sitePages();
  const items = namedLinks(read(file)).flatMap((link) => itemOf(link, pages, file));
  return [{ text: 'Decisions', items }];
}

/** Links with their texts. */
function namedLinks(text) {
  const targets = linksOf(text);
  const names = [...text.matchAll(/\[((?:[^\]`]|`[^`]*`)*)\]\(([^()\s]+)\)/g)];
  return names
    .filter(([, , target]) => targets.includes(target))
    .map(([, name, target]) => ({ name: name.replaceAll('`', '').replaceAll(/\s+/g, ' '), target }));
}

/** Nothing for what is no page of the site, or a part of one. */
function itemOf({ name, target }, pages, from = index) {
  if (target.includes('#')) return [];
  const page = siteLink(from, target, pages, '');
  if (!page.endsWith('.md')) return [];
  const folder = pages.get(from).includes('/') ? `${pages.get(from).split('/').slice(0, -1).join('/')}/` : '';
  return [{ text: name.charAt(0).toUpperCase() + name.slice(1), link: addressOf(folder + page) }];
}

/** `tls.md` → `/tls`, `index.md` → `/` */
function addressOf(page) {
  return `/${page.replace(/\.md$/, '').replace(/(^|\/)index$/, '$1')}`;
}

function firstHeading(file) {
  return headingsOf(read(file))[0]?.title ?? file;
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}
