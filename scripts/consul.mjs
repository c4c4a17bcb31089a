/**
 * Obtains a Consul server for tests, drills and benchmarks, without root: `CONSUL_BIN` wins, then one on the PATH, then
 * the one that was fetched before, then Debian's package, fetched by apt from whatever mirror apt is set up with, in a
 * private configuration, and checked against the hash below. Nothing is installed; everything stays in .cache/consul.
 *
 * `node scripts/consul.mjs` prints the path. Where Consul cannot be had it says why and fails.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from './workspace.mjs';

const execute = promisify(execFile);

/** What is fetched: the one package that every Debian mirror keeps. */
const consulPackage = Object.freeze({
  suite: 'bullseye',
  architecture: 'amd64',
  version: '1.8.7+dfsg1-2+b3',
  sha256: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
});

/** A mirror that does not answer must not hold up a test run. */
const FETCH_LIMIT_MS = 120_000;

/**
 * Finds Consul, fetching it if need be.
 * @param {Record<string, string | undefined>} environment
 * @returns {Promise<string | undefined>} the program's path; undefined, after saying why on stderr, when there is none.
 * @throws Error in place of that under CI or with FWK_REQUIRE_CONSUL, where a missing Consul is a failure.
 */
export async function findConsul(environment = process.env) {
  try {
    return (await presentConsul(environment)) ?? (await fetchConsul(join(root, '.cache/consul')));
  } catch (error) {
    const why = `no Consul: ${error.message}`;
    if (environment.CI === 'true' || environment.FWK_REQUIRE_CONSUL) throw new Error(why, { cause: error });
    process.stderr.write(`\n*** ${why}\n*** set CONSUL_BIN to a Consul program; what needs one is NOT run\n\n`);
    return undefined;
  }
}

/** The one that the environment names, or the first on its PATH. */
async function presentConsul({ CONSUL_BIN: named, PATH: path = '' }) {
  if (named) {
    await access(named, constants.X_OK);
    return named;
  }
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const program = join(folder, 'consul');
    if (await isProgram(program)) return program;
  }
  return undefined;
}

/**
 * Fetches the package into a folder, unless it is there. Two that fetch at once do not disturb each other.
 * @param {string} folder
 * @returns {Promise<string>} the program's path
 */
async function fetchConsul(folder) {
  const program = join(folder, consulPackage.version, 'usr/bin/consul');
  if (await isProgram(program)) return program;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`none can be fetched for ${process.platform} ${process.arch}`);
  }
  process.stderr.write('fetching Consul for the tests (once) …\n');
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'fetch-'));
  try {
    const archive = await download(work);
    const found = await hashOf(archive);
    if (found !== consulPackage.sha256) throw new Error(`what apt fetched has the hash ${found}, not the expected one`);
    await execute('dpkg', ['-x', archive, join(work, 'tree')]);
    // Whoever comes second finds the same thing there.
    await rename(join(work, 'tree'), join(folder, consulPackage.version)).catch(() => {});
    await access(program, constants.X_OK);
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Downloads the package into a folder by a private apt. @returns the archive's path. */
async function download(work) {
  const { suite, architecture, version } = consulPackage;
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
  await apt('download', `consul=${version}`);
  const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
  if (!archive) throw new Error('apt fetched no package');
  return join(work, archive);
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

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const found = await findConsul();
  if (found) process.stdout.write(`${found}\n`);
  process.exitCode = found ? 0 : 1;
}
