/**
 * The TLS settings for connections to the agent. What stands in files is read again when a file changes, so that
 * certificates can be renewed under way: new connections use what is there then.
 */
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import { type Clock, readRegularFile } from '@fwk/kernel';
import type { ConsulTls } from './consul-options.js';

/** What `node:https` takes. */
export interface TlsSettings {
  /** Authorities, certificate and key, read once for all connections. */
  readonly secureContext: SecureContext;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the settings come from. */
export interface TlsSource {
  /**
   * The settings to connect with now: the same object as long as no file changes. Rejects when a file cannot be read or
   * holds something else.
   */
  read(): Promise<TlsSettings>;
}

/** How often files are looked at, at most. */
const LOOK_MS = 1000;
/** More than a file of all authorities of the world has. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** More than a folder of all authorities of the world has. */
const MAX_FILES = 2000;

/** Follows the options of a registry. */
export function tlsSource(tls: ConsulTls, clock: Clock): TlsSource {
  const { caFile, caFolder, certFile, keyFile } = tls;
  const files = [caFile, certFile, keyFile].filter((file) => file !== undefined);
  let seen: string | undefined;
  let last: TlsSettings | undefined;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<TlsSettings> | undefined;

  async function look(): Promise<TlsSettings> {
    const folder = caFolder === undefined ? [] : await statesIn(caFolder);
    const states = [...(await Promise.all(files.map(stateOf))), ...folder.map(({ state }) => state)].join('\n');
    if (last === undefined || states !== seen) {
      last = await settingsOf(
        tls,
        folder.map(({ file }) => file),
      );
      seen = states;
    }
    lookedMs = clock.now();
    return last;
  }

  return {
    async read() {
      if (last && clock.now() - lookedMs < LOOK_MS) return last;
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}

async function settingsOf(tls: ConsulTls, inFolder: readonly string[]): Promise<TlsSettings> {
  const { createSecureContext } = await import('node:tls');
  const { caFile, caFolder, certFile, keyFile, servername, verify } = tls;
  let ca: string | readonly string[] | undefined = tls.ca;
  if (caFile !== undefined) ca = await authorityIn(caFile);
  if (caFolder !== undefined) ca = await authoritiesIn(caFolder, inFolder);
  const cert = certFile === undefined ? tls.cert : await textOf(certFile);
  const key = keyFile === undefined ? tls.key : await textOf(keyFile);
  const secureContext = createSecureContext({
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  return {
    secureContext,
    ...(servername !== undefined && { servername }),
    ...(verify === false && { rejectUnauthorized: false }),
  };
}

async function authorityIn(file: string): Promise<string> {
  const text = await textOf(file);
  if (!(await isCertificate(text))) throw new TypeError(`${file} holds no certificate in PEM`);
  return text;
}

/**
 * Other things stand in such folders too: keys that only root may read, notes, links to nothing. What is no certificate is left
 * out. A folder without any is refused, since Node would trust everybody whom it trusts by default.
 */
async function authoritiesIn(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(files.map((file) => textOf(file).catch(() => '')));
  const found: string[] = [];
  for (const text of new Set(texts)) if (await isCertificate(text)) found.push(text);
  if (found.length === 0) throw new TypeError(`${folder} holds no certificate in PEM`);
  return found;
}

/** Node itself passes over what is none in silence. */
async function isCertificate(text: string): Promise<boolean> {
  const { X509Certificate } = await import('node:crypto');
  try {
    return text.includes('-----BEGIN') && new X509Certificate(text) !== undefined;
  } catch {
    return false;
  }
}

/** All regular files in a folder and below, as Consul's own tools take them. */
async function statesIn(folder: string): Promise<readonly { readonly file: string; readonly state: string }[]> {
  const { opendir } = await import('node:fs/promises');
  const files: string[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    if (files.length >= MAX_FILES) throw new TypeError(`${folder} holds more than ${MAX_FILES} files`);
    files.push(join(entry.parentPath, entry.name));
  }
  const states = await Promise.all(
    files.sort().map(async (file) => ({ file, state: await stateOf(file).catch(() => '') })),
  );
  return states.filter(({ state }) => state !== '');
}

/** What tells one state of a file from another without reading it. */
async function stateOf(file: string): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const { ino, size, mtimeMs } = await stat(file);
  return `${file} ${ino} ${size} ${mtimeMs}`;
}

async function textOf(file: string): Promise<string> {
  return (await readRegularFile(file, { maxBytes: MAX_FILE_BYTES })).toString('utf8');
}
