/** A Prometheus server, with its `promtool`, for tests. `node scripts/programs/prometheus.mjs` prints its path. */
import { dirname, join } from 'node:path';
import { findProgram, printWhenMain } from './debian.mjs';

/** @type {import('./debian.mjs').DebianProgram} */
const prometheus = Object.freeze({
  name: 'Prometheus',
  variable: 'PROMETHEUS_BIN',
  required: 'FWK_REQUIRE_PROMETHEUS',
  command: 'prometheus',
  path: 'usr/bin/prometheus',
  packages: [
    {
      name: 'prometheus',
      version: '2.24.1+ds-1+b7',
      sha256: '7f98887c0fa36e0dd81bb39abc57a9e2535c2a0dc20442a431255ebc0b87b73a',
    },
  ],
});

/** @returns {Promise<string | undefined>} see findProgram. */
export function findPrometheus(environment = process.env) {
  return findProgram(prometheus, environment);
}

/** The checker that comes with a server. */
export function promtoolOf(program) {
  return join(dirname(program), 'promtool');
}

await printWhenMain(import.meta.url, findPrometheus);
