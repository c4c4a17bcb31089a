/**
 * The TLS settings for connections to the agent. What stands in files is read again when a file changes, so that
 * certificates can be renewed under way: new connections use what is there then.
 */
import { join } from 'node:path';
import type { ConsulTls } from './consul-options.js';

/** What `node:https` takes. */
export interface TlsSettings {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the settings come from. */
export interface TlsSource {
  /** The settings to connect with now: the same object as long as no file changes. Rejects when a file cannot be read. */
  read(): Promise<TlsSettings>;
}

/** Follows the options of a registry. */
export function tlsSource(tls: ConsulTls = {}): TlsSource {
  const { ca, cert, key, servername, verify, caFile, caFolder, certFile, keyFile } = tls;
  const fixed: TlsSettings = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
    ...(verify === false && { rejectUnauthorized: false }),
  };
  if (!caFile && !caFolder && !certFile && !keyFile) return { read: async () => fixed };
  let seen: string | undefined;
  let last = fixed;
  return {
    async read() {
      const authorities = [...(caFile ? [caFile] : []), ...(caFolder ? await filesIn(caFolder) : [])];
      const now = await stateOf([...authorities, ...(certFile ? [certFile] : []), ...(keyFile ? [keyFile] : [])]);
      if (now === seen) return last;
      const next: TlsSettings = {
        ...fixed,
        ...(authorities.length > 0 && { ca: await Promise.all(authorities.map(textOf)) }),
        ...(certFile && { cert: await textOf(certFile) }),
        ...(keyFile && { key: await textOf(keyFile) }),
      };
      last = next;
      seen = now;
      return next;
    },
  };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort();
}

/** What tells one state of files from another without reading them. */
async function stateOf(files: readonly string[]): Promise<string> {
  const { stat } = await import('node:fs/promises');
  const states = await Promise.all(
    files.map(async (file) => {
      const { ino, size, mtimeMs } = await stat(file);
      return `${file} ${ino} ${size} ${mtimeMs}`;
    }),
  );
  return states.join('\n');
}

async function textOf(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(file, 'utf8');
}
