/**
 * Where the rows of the matrix work: a temporary folder with a tarball of each package, made once, and installs from the
 * registry that npm is configured with. Rows that want the same tools share one install.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { packAll } from '../packaging/stage.mjs';
import { root } from '../workspace.mjs';
import { RowFailure, runCommand, tellingLine } from './command.mjs';

const programs = join(root, 'scripts/matrix/programs');
const installLimitMs = 300_000;
const commandLimitMs = 120_000;

/** What every project installs beside our packages: the validator of the programs. */
const always = { zod: '^4.6.0' };

/**
 * @param {{ signal?: AbortSignal, say?: (text: string) => void }} options `say` is told what takes long
 * @returns {Promise<Workshop>}
 */
export async function openWorkshop({ signal, say = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fwk-matrix-'));
  const workshop = new Workshop(folder, signal, say);
  try {
    workshop.tarballs = await packAll(join(folder, 'tarballs'));
    return workshop;
  } catch (error) {
    workshop.close();
    throw error;
  }
}

class Workshop {
  /** File paths by package name: `@fwk/core` → `/…/fwk-core-0.1.0.tgz`. */
  tarballs = {};
  #installs = new Map();

  constructor(folder, signal, say) {
    this.folder = folder;
    this.signal = signal;
    this.say = say;
  }

  /**
   * An empty project with our packages and these tools, installed by npm.
   * @param {string} name of the row
   * @param {Record<string, string>} tools names and ranges
   * @returns {Promise<Project>} a folder of its own in the install
   */
  async project(name, tools = {}) {
    const key = JSON.stringify(tools);
    if (!this.#installs.has(key)) this.#installs.set(key, this.#install(`install-${this.#installs.size + 1}`, tools));
    return new Project(this, join(await this.#installs.get(key), name), 'module');
  }

  /** An empty folder for a row that installs by another package manager. */
  emptyProject(name) {
    return new Project(this, join(this.folder, name), 'module');
  }

  /** A project that a program has made, as it is. @param {string} path below the folder of all rows */
  madeProject(path) {
    return new Project(this, join(this.folder, path));
  }

  /** Our packages as dependencies by their tarballs, as seen from a folder. */
  dependencies(folder) {
    return Object.fromEntries(
      Object.entries(this.tarballs).map(([name, file]) => [name, `file:${relative(folder, file)}`]),
    );
  }

  async #install(name, tools) {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    const dependencies = { ...this.dependencies(folder), ...always, ...tools };
    writeJson(join(folder, 'package.json'), { private: true, dependencies });
    this.say(`installing our packages with ${Object.keys(tools).join(', ') || 'nothing else'}`);
    await this.run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      limitMs: installLimitMs,
    });
    return folder;
  }

  /** Runs a command to its end. @throws RowFailure with its telling line, unless it ends with code 0 and in time. */
  async run(command, args, { cwd, env, limitMs = commandLimitMs } = {}) {
    const { code, output, late } = await runCommand(command, args, { cwd, env, limitMs, signal: this.signal });
    const what = [command, ...args]
      .map((part) => (relative(cwd, part).length < part.length ? relative(cwd, part) : part))
      .join(' ')
      .slice(0, 80);
    if (late) throw new RowFailure(`"${what}" was not done after ${limitMs / 1000} s; ${tellingLine(output)}`, output);
    if (code !== 0) throw new RowFailure(`"${what}" ended with code ${code}: ${tellingLine(output)}`, output);
    return output;
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One row's folder. */
class Project {
  /** @param type - of its modules; left out for a project that is there already */
  constructor(workshop, folder, type) {
    this.workshop = workshop;
    this.folder = folder;
    if (type === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.write({ 'package.json': { private: true, type }, 'app.yaml': 'greeting: Hello\n' });
  }

  /** Writes files; objects as JSON. */
  write(files) {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      if (typeof content === 'string') writeFileSync(join(this.folder, path), content);
      else writeJson(join(this.folder, path), content);
    }
  }

  /** Copies files to where no node_modules is found, so that a bundle runs with what it holds. @returns that folder */
  copyAway(paths) {
    const away = join(this.workshop.folder, `away-${basename(this.folder)}`);
    for (const path of paths) cpSync(join(this.folder, path), join(away, path));
    return away;
  }

  /** A program of an installed tool, by the file that its manifest names. */
  bin(tool, name = tool) {
    const folder = join(this.folder, '../node_modules', tool);
    const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return join(folder, typeof bin === 'string' ? bin : bin[name]);
  }

  /** Runs a JavaScript tool of the install with this Node. */
  tool(tool, args, { name, ...options } = {}) {
    return this.node([this.bin(tool, name), ...args], options);
  }

  /** Runs Node, this one or another. */
  node(args, { node = process.execPath, ...options } = {}) {
    return this.run(node, args, options);
  }

  /** Runs any command; `says` must be a part of what it writes. @throws RowFailure */
  async run(command, args, { says, ...options } = {}) {
    const output = await this.workshop.run(command, args, { cwd: this.folder, ...options });
    if (says !== undefined && !output.includes(says))
      throw new RowFailure(`it ended well, but does not say "${says}": ${tellingLine(output)}`);
    if (output.includes('FWK_KERNEL_TWO_COPIES'))
      throw new RowFailure(
        `it loads two copies of a package: ${/two (?:copies|versions) of .*/.exec(output)?.[0]}`,
        output,
      );
    return output;
  }
}

/** The text of a program of the matrix. */
export function program(name) {
  return readFileSync(join(programs, name), 'utf8');
}

/** The same program with `require` instead of `import`. */
export function asCommonJs(text) {
  return text.replaceAll(/^import (\{[^}]*\}) from '([^']+)';$/gm, "const $1 = require('$2');");
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
