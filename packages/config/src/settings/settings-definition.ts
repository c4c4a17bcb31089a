import type { StandardSchema } from '@fwk/kernel';
import type { ConfigTree } from '../tree/tree.js';

/** A typed part of the configuration, defined by the code that uses it. */
export interface SettingsDefinition<T> {
  /** Where the part stands, such as `checkout`. */
  readonly prefix: string;
  readonly schema: StandardSchema<unknown, T>;
  /** Lie below every source. */
  readonly defaults: ConfigTree;
}
