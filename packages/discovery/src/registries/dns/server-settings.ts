import { type Env, messageOf, readRegularFile } from '@fwk/kernel';
import type { DnsRegistryOptions } from './dns-options.js';
import { parseResolvConf, type ResolvConf } from './resolv-conf.js';

/** How often the file is looked at, at most. */
const LOOK_MS = 1000;
/** More than any such file has. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * The servers and search domains in force: those of the options, else those of `resolv.conf`, which is read again when it
 * has changed. It is looked at when something is to be asked, at most once a second, so that no timer and no watcher is
 * needed. A file that cannot be read, or names no server any more, leaves what was read before.
 */
export class ServerSettings {
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  /** Answered while no file has been read: what Node knows of this machine, and no search domains. */
  readonly #ofNode: () => readonly string[];
  #read: ResolvConf | undefined;
  #stamp = '';
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #problem = '';

  constructor(options: DnsRegistryOptions, env: Env, ofNode: () => readonly string[]) {
    this.#options = options;
    this.#env = env;
    this.#ofNode = ofNode;
  }

  async current(): Promise<ResolvConf> {
    const { servers, search, ndots } = this.#options;
    if (!servers || !search || ndots === undefined) await this.#look();
    const found = this.#read;
    const known = servers ?? found?.servers ?? [];
    return {
      servers: known.length > 0 ? known : this.#ofNode(),
      search: search ?? found?.search ?? [],
      ndots: ndots ?? found?.ndots ?? 1,
    };
  }

  #look(): Promise<void> {
    const nowMs = this.#env.clock.now();
    if (!this.#looking && nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs;
      this.#looking = this.#follow().finally(() => {
        this.#looking = undefined;
      });
    }
    return this.#looking ?? Promise.resolve();
  }

  async #follow(): Promise<void> {
    const { resolvConf } = this.#options;
    try {
      const { stat } = await import('node:fs/promises');
      const { mtimeMs, size, ino } = await stat(resolvConf);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === this.#stamp) return;
      const { hostname } = await import('node:os');
      const text = (await readRegularFile(resolvConf, { maxBytes: MAX_FILE_BYTES })).toString('utf8');
      const read = parseResolvConf(text, hostname());
      this.#stamp = stamp;
      // Somebody is just writing it, or has emptied it by mistake: what was asked so far still answers best.
      if (this.#read && this.#read.servers.length > 0 && read.servers.length === 0) return;
      this.#read = read;
      this.#problem = '';
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) this.#env.logger.debug({ resolvConf, problem }, 'the file is not read');
      this.#problem = problem;
    }
  }
}
