/** The same within one process. */
import { testOver } from '../fixtures/wire-under-test.js';

testOver('local');
await import('./stream-errors.test.js');
