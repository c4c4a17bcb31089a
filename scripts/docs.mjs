/**
 * `npm run docs`: writes what is made from the code (tables, references, docs/api), then builds the site from all pages.
 * `--generated` and `--site` do one of the two; `--check` looks at the built site in a browser. site/ has dependencies of its
 * own, installed on first use.
 */
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { writeGenerated } from './docs/generated.mjs';
import { ensureInstalled, prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const folder = join(root, 'site');
const usage = `usage: npm run docs [-- --generated | --site] [--check]
  --generated  only writes the pages that are made from the code
  --site       only builds the site
  --check      then looks at the site in Chromium: every page, its links to others, and axe in light, dark and narrow
`;

function parse(args) {
  const option = { type: 'boolean' };
  const options = { generated: option, site: option, check: option, help: { ...option, short: 'h' } };
  const { values } = parseArgs({ args, options });
  if (values.generated && (values.site || values.check)) throw new Error('--generated builds no site');
  return values;
}

async function main({ generated, site, check }) {
  const code = await prepare();
  if (code !== 0) return code;
  if (!site) await writeGenerated();
  if (generated) return 0;
  const missing = await ensureInstalled(folder);
  if (missing !== 0) return missing;
  const failed = await run(process.execPath, ['build.mjs'], { cwd: folder, stdout: 'stderr' });
  if (failed !== 0) return failed;
  process.stdout.write(`the site is in ${relative(process.cwd(), join(folder, 'dist'))}/index.html\n`);
  return check ? run(process.execPath, ['check.mjs'], { cwd: folder }) : 0;
}

let asked;
try {
  asked = parse(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n\n${usage}`);
}
if (asked === undefined) process.exitCode = 2;
else if (asked.help) process.stdout.write(usage);
else process.exitCode = await main(asked);
