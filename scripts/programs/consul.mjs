/** A Consul server for tests, drills and benchmarks. `node scripts/programs/consul.mjs` prints its path. */
import { findProgram, printWhenMain } from './debian.mjs';

/** @type {import('./debian.mjs').DebianProgram} */
const consul = Object.freeze({
  name: 'Consul',
  variable: 'CONSUL_BIN',
  required: 'FWK_REQUIRE_CONSUL',
  command: 'consul',
  path: 'usr/bin/consul',
  packages: [
    {
      name: 'consul',
      version: '1.8.7+dfsg1-2+b3',
      sha256: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
    },
  ],
});

/** @returns {Promise<string | undefined>} see findProgram. */
export function findConsul(environment = process.env) {
  return findProgram(consul, environment);
}

await printWhenMain(import.meta.url, findConsul);
