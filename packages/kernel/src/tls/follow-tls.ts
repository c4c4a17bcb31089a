/**
 * Authorities, certificate and key in their files, followed: what is read once is used until the files hold something else
 * that is as good. They are looked at once a second, which sees every way in which files are replaced: written over, renamed
 * over, or swapped by a link, as Kubernetes does. While a file is gone, half written or does not fit the others, what was
 * read last stays in use, and says since when and why.
 */

import type { HealthReport } from '../component/component.js';
import { messageOf } from '../errors/fwk-error.js';
import type { Live } from '../live/live.js';
import { type LiveSource, liveValue } from '../live/live-source.js';
import { kernelMetrics } from '../metrics.js';
import type { Env } from '../service/service.js';
import type { Timer } from '../time/clock.js';
import { filesIn, filesOf, readTlsFiles, readTlsFilesSync } from './read-tls-files.js';
import { TlsInvalidError } from './tls-error.js';
import { tlsHealth } from './tls-health.js';
import { type TlsMaterial, type TlsTexts, tlsMaterial } from './tls-material.js';
import type { TlsSources } from './tls-options.js';

/** How often files are looked at, in milliseconds. */
export const tlsLookMs = 1000;

/** A file that was written so recently may change again without any sign of it, where times are coarse; in milliseconds. */
const youngMs = 3000;

/** See the head of this file. */
export interface FollowedTls extends Disposable {
  /** What to connect with now; marked stale while the files hold nothing that can be used. */
  readonly material: Live<TlsMaterial>;
  /** UP; DEGRADED while the files cannot be used, and when the certificate has expired or soon will. */
  health(): HealthReport;
}

/**
 * Reads and follows. Dispose it with its owner; it does not keep the process alive.
 * @param owner - who uses it, for messages and the metric: `server`, `client of "inventory"`.
 * @throws TlsInvalidError `FWK_KERNEL_TLS_INVALID` when it cannot be used as it is now.
 */
export function followTls(
  owner: string,
  sources: TlsSources,
  env: Pick<Env, 'clock' | 'events' | 'logger' | 'metrics'>,
): FollowedTls {
  return new Following(owner, sources, env);
}

class Following implements FollowedTls {
  readonly material: LiveSource<TlsMaterial>;
  readonly #owner: string;
  readonly #sources: TlsSources;
  readonly #env: Pick<Env, 'clock' | 'events' | 'logger' | 'metrics'>;
  readonly #gauge: Disposable | undefined;
  #texts: string;
  /** What the files looked like when they were read last; undefined: read them with the next look. */
  #seen: string | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(owner: string, sources: TlsSources, env: Pick<Env, 'clock' | 'events' | 'logger' | 'metrics'>) {
    this.#owner = owner;
    this.#sources = sources;
    this.#env = env;
    const texts = readTlsFilesSync(owner, sources);
    this.#texts = JSON.stringify(texts);
    this.material = liveValue(tlsMaterial(owner, sources, texts), { name: `TLS of ${owner}` });
    if (this.material.value.certificate) {
      this.#gauge = env.metrics.observe(
        'gauge',
        kernelMetrics['tls.certificate.expires'],
        { owner },
        () => (this.material.value.certificate?.validToMs ?? Number.NaN) / 1000,
      );
    }
    if (filesOf(sources).length > 0 || sources.caFolder !== undefined) this.#schedule();
  }

  health(): HealthReport {
    return tlsHealth(this.material, this.#env.clock.wallTime());
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#gauge?.[Symbol.dispose]();
    if (this.#timer) this.#env.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    if (!this.#closed) this.#timer = this.#env.clock.setTimer(() => void this.#look(), tlsLookMs, true);
  }

  async #look(): Promise<void> {
    try {
      const { caFolder } = this.#sources;
      const inFolder = caFolder === undefined ? [] : await filesIn(this.#owner, caFolder);
      const print = await this.#printOf([...filesOf(this.#sources).map(([, path]) => path), ...inFolder]);
      if (print === undefined || print !== this.#seen) {
        const texts = await readTlsFiles(this.#owner, this.#sources, inFolder);
        if (!this.#closed) this.#take(texts);
        this.#seen = print;
      }
    } catch (error) {
      this.#seen = undefined;
      if (!this.#closed) this.#refuse(error instanceof TlsInvalidError ? error.problem : messageOf(error));
    }
    this.#schedule();
  }

  #take(texts: TlsTexts): void {
    const whole = JSON.stringify(texts);
    if (whole !== this.#texts) {
      const material = tlsMaterial(this.#owner, this.#sources, texts);
      this.#texts = whole;
      this.material.set(material);
      const facts = { owner: this.#owner, ...describe(material) };
      this.#env.events.emit('tls.reloaded', facts);
      this.#env.logger.info(facts, 'TLS files have changed; new connections use them');
    } else if (this.material.stale) {
      this.material.markFresh();
      this.#env.logger.info({ owner: this.#owner }, 'TLS files are again as they were');
    }
  }

  #refuse(reason: string): void {
    if (this.material.stale?.reason === reason) return;
    this.material.markStale(reason, this.#env.clock.wallTime());
    const facts = { owner: this.#owner, reason };
    this.#env.events.emit('tls.refused', facts);
    this.#env.logger.warn(facts, 'TLS files cannot be used; what was read before stays in use');
  }

  /** What tells one state of the files from another without reading them; undefined while they are young. */
  async #printOf(paths: readonly string[]): Promise<string | undefined> {
    const { stat } = await import('node:fs/promises');
    const states = await Promise.all(
      paths.map(async (path) => {
        const found = await stat(path, { bigint: true }).catch(() => undefined);
        if (!found) return { state: `${path} absent`, atMs: 0 };
        const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = found;
        return { state: `${path} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, atMs: Number(ctimeMs) };
      }),
    );
    const nowMs = this.#env.clock.wallTime();
    if (states.some(({ atMs }) => Math.abs(nowMs - atMs) < youngMs)) return undefined;
    return states.map(({ state }) => state).join('\n');
  }
}

function describe({ certificate }: TlsMaterial): Readonly<Record<string, unknown>> {
  if (!certificate) return {};
  const { subject, fingerprint, validToMs } = certificate;
  return { subject, fingerprint, validTo: new Date(validToMs).toISOString() };
}
