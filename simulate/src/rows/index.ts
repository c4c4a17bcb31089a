import type { Row } from '../row.js';
import { metastable } from './metastable.js';
import { retryStorm } from './retry-storm.js';

/** All rows, in the order in which `all` runs them. */
export const rows: readonly Row[] = Object.freeze([retryStorm, metastable]);
