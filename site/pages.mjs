/** Which Markdown pages of the repository are pages of the site, and what becomes of their links there. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { withLinks } from '../scripts/docs/markdown.mjs';
import { filesBelow, root } from '../scripts/workspace.mjs';

/** Where the pages are gathered, so that they find what is installed for the site, and where it is written. Neither is kept in git. */
export const gathered = join(root, 'site/.cache/pages');
export const built = join(root, 'site/dist');

/** Pages outside docs/, by the folder that they have on the site. */
const others = {
  packages: 'packages',
  examples: 'examples',
};
const single = {
  'README.md': 'overview.md',
  'CONTRIBUTING.md': 'project/contributing.md',
  'SECURITY.md': 'project/security.md',
  'bench/README.md': 'project/benchmarks.md',
  'simulate/README.md': 'project/simulations.md',
  'drills/README.md': 'project/drills.md',
  'interop/README.md': 'project/interoperation.md',
};

/** @returns {Map<string, string>} files of the repository → files of the site, both with `/` */
export function sitePages() {
  const docs = filesBelow(join(root, 'docs'), (path) => path.endsWith('.md')).map(inRepository);
  const readmes = Object.keys(others).flatMap((folder) =>
    filesBelow(join(root, folder), (path) => /^[^/\\]+[/\\]README\.md$/.test(relative(join(root, folder), path))).map(
      inRepository,
    ),
  );
  return new Map([
    ...docs.map((file) => [file, file.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md')]),
    ...readmes.map((file) => [file, `${file.slice(0, -'/README.md'.length)}.md`]),
    ...Object.entries(single).filter(([file]) => existsSync(join(root, file))),
  ]);
}

/**
 * What a link leads to on the site.
 * @param {string} from the page with the link
 * @param {string} target as it is written there
 * @param {Map<string, string>} pages of the site
 * @param {string} repository address of the code host, for files that are no pages
 */
export function siteLink(from, target, pages, repository) {
  if (/^[a-z]+:|^#/.test(target)) return target;
  const [path, anchor] = target.split('#');
  const file = posix.normalize(posix.join(posix.dirname(from), path)).replace(/\/$/, '');
  const page = pages.get(file) ?? pages.get(posix.join(file, 'README.md'));
  if (page === undefined) return /\.svg$/.test(file) ? target : `${repository}/blob/main/${file}`;
  return `${posix.relative(posix.dirname(pages.get(from)), page)}${anchor === undefined ? '' : `#${anchor}`}`;
}

/** Gathers all pages, with their links, in one folder. */
export function gatherPages() {
  const pages = sitePages();
  const repository = repositoryAddress();
  rmSync(gathered, { recursive: true, force: true });
  for (const [file, page] of pages) {
    const text = readFileSync(join(root, file), 'utf8');
    place(
      page,
      withLinks(text, (target) => siteLink(file, target, pages, repository)),
    );
  }
  for (const picture of filesBelow(join(root, 'docs'), (path) => path.endsWith('.svg'))) {
    const target = join(gathered, relative(join(root, 'docs'), picture));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(picture, target);
  }
}

/** Where the sources are to be read: what the packages say. */
export function repositoryAddress() {
  const { repository } = JSON.parse(readFileSync(join(root, 'packages/kernel/package.json'), 'utf8'));
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}

function place(page, text) {
  const target = join(gathered, page);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

function inRepository(path) {
  return relative(root, path).split(sep).join('/');
}
