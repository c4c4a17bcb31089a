import { abandonOnCancel } from '@fwk/kernel';
import { ownTree } from '../tree/kept.js';
import type { Origin } from '../tree/origin.js';
import type { ConfigPath } from '../tree/path.js';
import type { ConfigTree } from '../tree/tree.js';
import type { ConfigSource, SourceContext, SourceValues } from './source.js';

/** What one source said when it was loaded last; layers are listed lowest first. */
export interface Layer extends Pick<SourceValues, 'variables' | 'secret' | 'stale'> {
  readonly source: ConfigSource;
  readonly tree: ConfigTree;
  /** Where the source sets a value; the source alone where it knows nothing nearer. */
  originOf(path: ConfigPath): Origin;
  /** What was written there, where the source knows only text. */
  textOf(path: ConfigPath): string | undefined;
}

/**
 * Loads a source and checks what it says; a copy, or a tree that never changes, so that nobody can change it afterwards. Ends at once when cancelled,
 * also round a source that does not know how.
 */
export async function loadLayer(source: ConfigSource, context: SourceContext): Promise<Layer> {
  const values = await abandonOnCancel(context.call, source.load(context));
  const whole: Origin = { source: source.name };
  const { variables, secret, stale } = values;
  return {
    ...{ variables, secret, stale },
    source,
    tree: ownTree(values.tree, values.originOf?.([]) ?? whole),
    originOf: (path) => values.originOf?.(path) ?? whole,
    textOf: (path) => values.textOf?.(path),
  };
}
