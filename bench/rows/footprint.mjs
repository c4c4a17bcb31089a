/** What each package adds to a program: its size on disk with all that it needs, and the time of its import, beside the peers. */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageNames } from '../../scripts/workspace.mjs';
import { find, installed } from '../installed.mjs';
import { interleave, median, quick, report, round } from '../lib.mjs';
import { answerOf } from '../processes.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const ours = packageNames().map((name) => `@fwk/${name}`);
/** Peers with all that must be imported to use them. */
const peers = {
  opossum: ['opossum'],
  cockatiel: ['cockatiel'],
  moleculer: ['moleculer'],
  nest: ['reflect-metadata', 'rxjs', '@nestjs/common', '@nestjs/core', '@nestjs/platform-express'],
};
const subjects = { ...Object.fromEntries(ours.map((name) => [name, [name]])), ...peers };

/** A package of the workspace holds more than is published: npm says what that would be. */
const published = publishedSizes();
const sizes = Object.fromEntries(Object.entries(subjects).map(([name, packages]) => [name, sizeOf(packages)]));
const measured = await interleave(
  Object.fromEntries(Object.entries(subjects).map(([name, packages]) => [name, () => importMs(packages)])),
  { rounds: quick ? 1 : 11, warmUp: 1 },
);
const figures = Object.fromEntries(
  Object.entries(sizes).map(([name, { bytes, packages }]) => [
    name,
    { kB: round(bytes / 1000, 0), packages, importMs: round(median(measured[name]), 1) },
  ]),
);
report(
  'footprint: installed with all that it needs, and the time of the import (median of rounds)',
  Object.entries(figures).map(([name, { kB, packages, importMs: ms }]) => [
    name,
    `${String(kB).padStart(7)} kB in ${String(packages).padStart(3)} packages, ${String(ms).padStart(6)} ms`,
  ]),
  figures,
);

function sizeOf(packages) {
  const folders = packages.map((name) => realpathSync(find(here, name)));
  return installed(folders, (folder) => published.get(folder));
}

/** Unpacked bytes by folder. */
function publishedSizes() {
  const root = join(here, '..');
  const workspaces = ours.flatMap((name) => ['--workspace', name]);
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...workspaces];
  const packed = JSON.parse(
    execFileSync('npm', args, { cwd: root, maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  return new Map(
    packed.map(({ name, unpackedSize }) => [join(root, 'packages', name.slice('@fwk/'.length)), unpackedSize]),
  );
}

/** Milliseconds of an import in a process that has done nothing before. */
function importMs(packages) {
  const imports = packages.map((name) => `await import(${JSON.stringify(name)});`).join('');
  const text = `const startMs = performance.now(); ${imports} console.log(performance.now() - startMs); process.exit(0);`;
  return answerOf(['--input-type=module', '-e', text]);
}
