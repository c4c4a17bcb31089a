import { isFwkError } from '@fwk/kernel';
import type { ConfigSource, SourceContext, SourceValues } from '../../source/source.js';
import { type FilePath, readText } from './read-file.js';
import { type FileWatchOptions, type Seen, watchFile } from './watch-file.js';

/** How one file is followed. */
export interface FollowOptions extends FileWatchOptions {
  readonly optional: boolean;
}

/**
 * Loading and watching of one file: what all sources share that read one.
 * @param read - makes sense of the text.
 */
export function followedText(
  file: FilePath,
  { optional, ...watching }: FollowOptions,
  read: (text: string, context: SourceContext) => SourceValues | Promise<SourceValues>,
): Pick<ConfigSource, 'load' | 'watch'> {
  const seen: Seen = { fingerprint: undefined };
  return {
    async load(context) {
      try {
        const { text, fingerprint } = await readText(file, context.call);
        seen.fingerprint = fingerprint;
        return await read(text, context);
      } catch (error) {
        if (!isFwkError(error, 'FWK_CONFIG_FILE_MISSING')) throw error;
        seen.fingerprint = 'absent';
        if (optional) return { tree: {} };
        throw error;
      }
    },
    watch: (changed, env) => watchFile(file.absolute, seen, changed, env.clock, watching),
  };
}
