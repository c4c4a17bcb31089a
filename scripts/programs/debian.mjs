/**
 * Obtains server programs for tests, drills and benchmarks, without root: the one that an environment variable names wins,
 * then one on the PATH, then the one that was fetched before, then Debian's packages, fetched by apt from whatever mirror
 * apt is set up with, in a private configuration, each checked against its hash. Nothing is installed; everything stays
 * in .cache.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../workspace.mjs';

const execute = promisify(execFile);

/** The suite is finished, so its versions stay, and every Debian mirror keeps it. */
const suite = 'bullseye';
const architecture = 'amd64';

/** A mirror that does not answer must not hold up a test run. */
const FETCH_LIMIT_MS = 120_000;

/**
 * A program and where Debian has it.
 * @typedef {object} DebianProgram
 * @property {string} name - as people say it: `Consul`.
 * @property {string} variable - the environment variable that names a program of one's own: `CONSUL_BIN`.
 * @property {string} required - the environment variable that makes a missing program an error.
 * @property {string} command - what it is called on a PATH: `consul`.
 * @property {string} path - where it lies in the unpacked packages.
 * @property {readonly { name: string, version: string, sha256: string }[]} packages - the first gives the version.
 */

/**
 * Finds a program, fetching it if need be.
 * @param {DebianProgram} wanted
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<string | undefined>} the program's path; undefined, after saying why on stderr, when there is none.
 * @throws Error in place of that under CI or with the variable `required`, where a missing program is a failure.
 */
export async function findProgram(wanted, environment = process.env) {
  try {
    return (await presentProgram(wanted, environment)) ?? (await fetchProgram(wanted));
  } catch (error) {
    const why = `no ${wanted.name}: ${error.message}`;
    if (environment.CI === 'true' || environment[wanted.required]) throw new Error(why, { cause: error });
    process.stderr.write(`\n*** ${why}\n*** set ${wanted.variable} to the program; what needs it is NOT run\n\n`);
    return undefined;
  }
}

/** Prints a program's path when the script `url` is the one that was started. */
export async function printWhenMain(url, find) {
  if (!process.argv[1] || url !== pathToFileURL(process.argv[1]).href) return;
  const found = await find();
  if (found) process.stdout.write(`${found}\n`);
  process.exitCode = found ? 0 : 1;
}

/** The one that the environment names, or the first on its PATH. */
async function presentProgram({ variable, command }, environment) {
  const named = environment[variable];
  if (named) {
    await access(named, constants.X_OK);
    return named;
  }
  for (const folder of (environment.PATH ?? '').split(delimiter).filter(Boolean)) {
    const program = join(folder, command);
    if (await isProgram(program)) return program;
  }
  return undefined;
}

/** Fetches the packages, unless they are there. Two that fetch at once do not disturb each other. */
async function fetchProgram({ name, command, path, packages }) {
  const folder = join(root, '.cache', command);
  const tree = join(folder, packages[0].version.replaceAll(':', '_'));
  const program = join(tree, path);
  if (await isProgram(program)) return program;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`none can be fetched for ${process.platform} ${process.arch}`);
  }
  process.stderr.write(`fetching ${name} for the tests (once) …\n`);
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'fetch-'));
  try {
    await download(work, packages);
    const unpacked = join(work, 'tree');
    for (const archive of await archivesIn(work, packages)) await execute('dpkg', ['-x', archive, unpacked]);
    // Whoever comes second finds the same thing there.
    await rename(unpacked, tree).catch(() => {});
    await access(program, constants.X_OK);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Downloads packages into a folder by a private apt. */
async function download(work, packages) {
  const sources = join(work, 'sources.list');
  await Promise.all(['lists/partial', 'archives/partial'].map((name) => mkdir(join(work, name), { recursive: true })));
  const lines = (await debianMirrors()).map((mirror) => `deb [arch=${architecture}] ${mirror} ${suite} main\n`);
  await writeFile(sources, lines.join(''));
  const options = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': work,
    'Debug::NoLocking': 'true',
    'Acquire::Languages': 'none',
    'APT::Architectures::': architecture,
    // The folder is ours alone; apt's own user could not write to it.
    'APT::Sandbox::User': '',
  };
  const apt = (...args) => {
    const set = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return execute('apt-get', [...set, '--quiet', ...args], { cwd: work, timeout: FETCH_LIMIT_MS });
  };
  await apt('update');
  await apt('download', ...packages.map(({ name, version }) => `${name}=${version}`));
}

/** The downloaded archives, when they are the expected ones and no others. */
async function archivesIn(work, packages) {
  const expected = new Map(packages.map(({ name, sha256 }) => [name, sha256]));
  const archives = (await readdir(work)).filter((file) => file.endsWith('.deb'));
  if (archives.length !== expected.size) {
    throw new Error(`apt fetched ${archives.length} packages of ${expected.size}`);
  }
  for (const archive of archives) {
    const found = await hashOf(join(work, archive));
    if (found !== expected.get(archive.split('_')[0])) {
      throw new Error(`${archive}, which apt fetched, has the hash ${found}, not the expected one`);
    }
  }
  return archives.map((archive) => join(work, archive));
}

/** The Debian mirrors that apt is set up with, whether or not it has ever fetched their lists. */
async function debianMirrors() {
  const { stdout } = await execute('apt-get', ['indextargets', '--no-release-info', '--format', '$(SITE)']);
  const sites = stdout.split('\n').filter((site) => /\/debian\/?$/.test(site));
  if (sites.length === 0) throw new Error('apt is set up with no Debian mirror');
  return [...new Set(sites)];
}

async function hashOf(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function isProgram(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
