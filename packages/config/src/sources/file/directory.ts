/**
 * A directory whose files are settings, as Kubernetes mounts ConfigMaps and Secrets. A file `checkout.maxItems` holds the value of
 * that setting; a file that ends in .yaml, .yml or .json holds a document. Kubernetes swaps the whole content by one link
 * (`..data`), possibly while we read: what changed meanwhile is read again, so that nobody sees half of the old and half of the new.
 */
import { join, resolve } from 'node:path';
import { checkOptions, codeOf, flag, isFwkError, millisecondsIn } from '@fwk/kernel';
import { ConfigError } from '../../errors.js';
import type { ConfigSource, SourceContext, SourceValues } from '../../source/source.js';
import { copyTree } from '../../tree/tree.js';
import { joined, type PartOfSource } from '../joined.js';
import { camelCase, NamedTexts } from '../named-texts.js';
import { type FileSourceOptions, fileSourceDefaults, parserOf, readDocument } from './file.js';
import { type FolderEntry, filesIn } from './folder.js';
import { fileError, readText } from './read-file.js';
import { type Seen, watchFolder } from './watch-file.js';

/** Options of {@link directorySource}. */
export interface DirectorySourceOptions extends FileSourceOptions {
  /** Whether all of it is secret, as in a Secret volume; it is then never shown. @defaultValue false */
  readonly secret: boolean;
}

/** Defaults of {@link DirectorySourceOptions}. */
export const directorySourceDefaults: DirectorySourceOptions = Object.freeze({ ...fileSourceDefaults, secret: false });

/** How often a directory that changes while it is read is read again. */
const maxReads = 5;

/**
 * Settings in the files of a directory, watched. Dots and `__` in a file's name separate levels; files and directories whose names begin
 * with a dot are left out. Values are read as those of variables are, without a last line break. At most 1000 files of 1 MiB each.
 * @param path - relative to the working directory.
 * @throws OptionsError.
 */
export function directorySource(path: string, options: Partial<DirectorySourceOptions> = {}): ConfigSource {
  const { optional, secret, ...watching } = checkOptions<DirectorySourceOptions>(
    'directorySource',
    options,
    directorySourceDefaults,
    { optional: flag, secret: flag, debounceMs: millisecondsIn(1, 10_000), pollMs: millisecondsIn(100, 3_600_000) },
  );
  const absolute = resolve(path);
  const seen: Seen = { fingerprint: undefined };
  const name = `${path}/`.replace(/\/\/$/, '/');
  return {
    name,
    async load(context) {
      if (context.call.cancelled) throw context.call.reason;
      try {
        const { values, fingerprint } = await readWhole(name, absolute, context);
        seen.fingerprint = fingerprint;
        return { ...values, secret };
      } catch (error) {
        if (!isFwkError(error, 'FWK_CONFIG_FILE_MISSING') || !optional) throw error;
        seen.fingerprint = 'absent';
        return { tree: {} };
      }
    },
    watch: (changed, env) => watchFolder(absolute, seen, changed, env.clock, watching),
  };
}

async function readWhole(name: string, absolute: string, context: SourceContext) {
  for (let read = 1; ; read++) {
    const before = await listed(name, absolute);
    try {
      const values = await readAll(name, absolute, before.files, context);
      if ((await listed(name, absolute)).fingerprint === before.fingerprint) {
        return { values, fingerprint: before.fingerprint };
      }
    } catch (error) {
      const same = await listed(name, absolute).then(({ fingerprint }) => fingerprint === before.fingerprint);
      if (same || context.call.cancelled) throw error;
    }
    if (read >= maxReads) {
      const message = `the directory changed during each of ${maxReads} attempts to read it`;
      throw fileError('FWK_CONFIG_FILE_UNREADABLE', { name, absolute }, message);
    }
  }
}

async function listed(name: string, absolute: string) {
  try {
    return await filesIn(absolute);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT')
      throw fileError(
        'FWK_CONFIG_FILE_MISSING',
        { name, absolute },
        'there is no such directory; create it, correct the path, or list it as { path, optional: true }',
        error,
      );
    if (code === 'ENOTDIR')
      throw fileError('FWK_CONFIG_FILE_NOT_REGULAR', { name, absolute }, 'this is no directory', error);
    if (error instanceof ConfigError) throw error;
    throw fileError(
      'FWK_CONFIG_FILE_UNREADABLE',
      { name, absolute },
      `it cannot be read (${code ?? 'unknown reason'})`,
      error,
    );
  }
}

async function readAll(
  name: string,
  absolute: string,
  files: readonly FolderEntry[],
  { call, below }: SourceContext,
): Promise<SourceValues> {
  const documents: PartOfSource[] = [];
  const texts = new NamedTexts(below, (part) => (/^[A-Z0-9_]+$/.test(part) ? camelCase(part) : part));
  for (const { parts } of files) {
    const file = { name: `${name}${parts.join('/')}`, absolute: join(absolute, ...parts) };
    if (parserOf(file.name)) {
      const { text } = await readText(file, call);
      const document = await readDocument(file, text, name);
      documents.push({ ...document, tree: copyTree(document.tree, { source: name, file: file.name }) });
    } else {
      const { text } = await readText({ ...file, mayBeEmpty: true }, call);
      const levels = parts.flatMap((part) => part.split(/\.|__/));
      texts.add(levels, text.replace(/\r?\n$/, ''), { source: name, file: file.name });
    }
  }
  const single = texts.values();
  return joined([...documents, { ...single, tree: copyTree(single.tree, { source: name }) }]);
}
