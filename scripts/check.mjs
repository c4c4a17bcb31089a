/** `npm run check`: types, lint and format, package arrows, API, licences, packaging. Every step runs; the exit code is 1 when one failed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outdatedReports } from './api/report.mjs';
import { checkArrows, readPackages } from './arrows/arrows.mjs';
import { checkLicences } from './packaging/licences.mjs';
import { checkManifests } from './packaging/manifests.mjs';
import { packAll } from './packaging/stage.mjs';
import { typeProblems } from './packaging/types.mjs';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const tsc = 'node_modules/typescript/bin/tsc';
const biome = 'node_modules/@biomejs/biome/bin/biome';
const publint = 'node_modules/publint/src/cli.js';

const steps = [
  { name: 'types of packages and examples', check: () => node(tsc, '-b') },
  { name: 'types of tests', check: () => node(tsc, '-p', 'tsconfig.test.json', '--noEmit') },
  { name: 'lint and format', check: () => node(biome, 'check', '--error-on-warnings', '.') },
  { name: 'package arrows and import cycles', check: () => checkArrows(readPackages()).join('\n') },
  { name: 'manifests of packages', check: () => checkManifests().join('\n') },
  { name: 'licences of dependencies', check: () => checkLicences().join('\n') },
  { name: 'API as docs/api says it', check: checkApi },
  { name: 'packages as npm would publish them', check: checkPackages },
];

/** What publint and are-the-types-wrong say of the tarballs. */
async function checkPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'fwk-check-'));
  try {
    const problems = [];
    for (const [name, tarball] of Object.entries(await packAll(folder))) {
      problems.push(await node(publint, tarball, '--strict'));
      problems.push(...(await typeProblems(tarball)).map((problem) => `${name}: ${problem}`));
    }
    return problems.filter(Boolean).join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkApi() {
  const outdated = outdatedReports().map((name) => `docs/api/${name}.md`);
  return outdated.length === 0 ? '' : `${outdated.join(', ')}: the API has changed; "npm run docs" writes it anew`;
}

/** @returns what the tool complained about; empty when it is content. */
async function node(...args) {
  const output = [];
  const code = await run(process.execPath, args, { cwd: root, stdout: (chunk) => output.push(chunk) });
  const text = Buffer.concat(output).toString().trim();
  return code === 0 ? '' : text || `exit code ${code}`;
}

async function main() {
  const code = await prepare();
  if (code !== 0) return code;
  let failed = 0;
  for (const { name, check } of steps) {
    const startMs = performance.now();
    const problems = await check();
    if (problems) failed++;
    console.log(`${problems ? '✗' : '✓'} ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
    if (problems) console.log(`${problems.replace(/^/gm, '    ')}\n`);
  }
  console.log(failed === 0 ? `all ${steps.length} checks passed` : `${failed} of ${steps.length} checks failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
