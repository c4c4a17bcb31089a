import { type LiveSource, liveValue } from '../live/live-source.js';
import { type Token, token } from './token.js';

/** Short texts by name: letters, digits, `_` and `-`. */
export type InstanceFacts = Readonly<Record<string, string>>;

/**
 * What changes about an application while it runs and others are to see, such as the hash of its configuration. Components set
 * their own names and leave the others; discovery tells the registry, as metadata of the application's instances.
 */
export const instanceFactsToken: Token<LiveSource<InstanceFacts>> = token('facts of this instance', () =>
  liveValue<InstanceFacts>({}, { name: 'facts of this instance' }),
);
