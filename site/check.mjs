/**
 * Looks at the built site in Chromium: every page loads without an error, without a request to anywhere else, and fits into a narrow
 * window; pages of each kind are free of what axe finds, in light and dark, wide and narrow; the search finds.
 * `--pictures FOLDER` keeps a picture of each of them.
 */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { filesBelow } from '../scripts/workspace.mjs';
import { built } from './pages.mjs';
import { serveSite } from './server.mjs';

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** One page of each kind: words, code, small and large tables, folded parts, a list of links, one that is not there. */
const kinds = [
  '/',
  '/quick-start.html',
  '/overview.html',
  '/balancing.html',
  '/errors.html',
  '/api/http.html',
  '/packages/resilience.html',
  '/decisions/',
  '/decisions/0014-a-registry-of-one-user.html',
  '/not-there.html',
];
const wide = { width: 1280, height: 900 };
const narrow = { width: 360, height: 740 };
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const { values } = parseArgs({ options: { pictures: { type: 'string' } } });
const problems = [];
const { url, close } = await serveSite();
const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
try {
  const pages = htmlPages();
  await lookAtAll(pages);
  for (const colorScheme of ['light', 'dark'])
    for (const viewport of [wide, narrow]) await lookClosely(colorScheme, viewport);
  await search();
  const looks = kinds.length * 4;
  process.stdout.write(`${pages.length} pages, ${looks} looks with axe: ${problems.length} problems\n`);
} finally {
  await browser.close();
  close();
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function findBrowser() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const places = programs.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
  if (found === undefined) throw new Error(`a browser is needed, and there is none of ${programs.join(', ')}`);
  return found;
}

function htmlPages() {
  const files = filesBelow(built, (path) => path.endsWith('.html') && !path.endsWith('404.html'));
  return files.map((file) => `/${relative(built, file).split(sep).join('/')}`);
}

/** Every page, in a narrow window: what wants more room scrolls by itself. */
async function lookAtAll(pages) {
  const context = await browser.newContext({ viewport: narrow });
  const page = await context.newPage();
  watch(page);
  for (const path of pages) {
    await open(page, path);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    if (scrollWidth > clientWidth) problems.push(`${path}: ${scrollWidth} wide in a window of ${clientWidth}`);
  }
  await context.close();
}

/** A page, once its script has taken it over. */
async function open(page, path) {
  await page.goto(url + path, { waitUntil: 'load' });
  await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app'));
}

/** Errors of a page, and requests that leave the site. */
function watch(page) {
  const where = () => page.url().slice(url.length);
  page.on('pageerror', (error) => problems.push(`${where()}: ${error.message}`));
  page.on('console', (message) => {
    const known = message.location().url.endsWith('/not-there.html');
    if (message.type() === 'error' && !known) problems.push(`${where()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith('data:')) problems.push(`${where()}: asks ${asked}`);
  });
}

/** Pages of each kind, by axe. */
async function lookClosely(colorScheme, viewport) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  watch(page);
  for (const path of kinds) {
    await open(page, path);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const { id, help, nodes } of violations) {
      const [first] = nodes;
      problems.push(`${path} (${colorScheme}, ${viewport.width}): ${id}, ${help}: ${nodes.length} × ${first.target}`);
    }
    await picture(page, `${path}-${colorScheme}-${viewport.width}`);
  }
  await context.close();
}

/** The search, by keyboard. */
async function search() {
  const page = await browser.newPage({ viewport: wide });
  watch(page);
  await open(page, '/');
  await page.keyboard.press('Control+k');
  await page.locator('#localsearch-input').waitFor();
  await page.keyboard.type('bulkhead');
  const first = page.locator('.VPLocalSearchBox a.result').first();
  await first.waitFor({ timeout: 10_000 }).catch(() => problems.push('the search finds no "bulkhead"'));
  await picture(page, 'search');
  await page.close();
}

async function picture(page, name) {
  if (values.pictures === undefined) return;
  mkdirSync(values.pictures, { recursive: true });
  await page.screenshot({ path: join(values.pictures, `${name.replaceAll(/[^a-z0-9-]+/g, '_')}.png`) });
}
