/** The same over Mux. */
import { testOver } from '../fixtures/wire-under-test.js';

testOver('mux');
await import('./calling-app.test.js');
