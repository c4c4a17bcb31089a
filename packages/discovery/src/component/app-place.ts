import { type Token, token } from '@fwk/kernel';
import type { DiscoveryOptions } from './discovery-options.js';

/** What `discovery()` was told of the instance of its application. */
export type AppPlace = Pick<DiscoveryOptions, 'zone' | 'weight' | 'tags' | 'metadata'>;

/** Provided by `discovery()`, for whatever tells of the instance elsewhere than in the registry. */
export const appPlaceToken: Token<AppPlace> = token('the place of this instance');
