#!/usr/bin/env bash
# prom-client 15.1.3 and its successor @prometheus-io/client 0.16.1, in OpenMetrics: a quote in the help of a metric is
# written as it is. OpenMetrics 1.0 escapes it (section "Escaping": backslash, line feed and double quote), unlike the older
# text format, which escapes only the first two. A reader that keeps to the grammar refuses the whole page.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @prometheus-io/client@0.16.1 prom-client@15.1.3

cat > program.mjs <<'PROGRAM'
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
async function help(name) {
  const { Counter, Registry } = require(name);
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  new Counter({ name: 'jobs', help: 'Jobs that are "done".', registers: [registry] });
  return (await registry.metrics()).split('\n').find((line) => line.startsWith('# HELP'));
}
const seen = [await help('prom-client'), await help('@prometheus-io/client')];
const holds = seen.every((line) => line === '# HELP jobs Jobs that are "done".');

console.log('expected: # HELP jobs Jobs that are \\"done\\".');
console.log(`seen:     ${seen.join(' and ')}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @prometheus-io/client@0.16.1 prom-client@15.1.3, Node $(node -p process.versions.node)"
node program.mjs
