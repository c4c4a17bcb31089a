#!/usr/bin/env bash
# @prometheus-io/client 0.16.1, the successor of prom-client 15.1.3. The old one keeps label values '' and
# undefined as two series. The new one makes them (and null) one series, which bears the name of whichever came
# first: with undefined first, requests with an empty value are counted under "undefined", and after a restart
# it may be the other way round. A request with the text 'undefined' then makes a second line with the same
# labels, so the exposition has a duplicate sample. Replace a missing value with a fixed word before you record.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @prometheus-io/client@0.16.1 prom-client@15.1.3

cat > program.mjs <<'PROGRAM'
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
async function lines(name) {
  const { Counter, Registry } = require(name);
  const registry = new Registry();
  const counter = new Counter({ name: 'calls', help: 'Calls.', labelNames: ['tenant'], registers: [registry] });
  counter.inc({ tenant: undefined }, 1);
  counter.inc({ tenant: '' }, 10);
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('calls')).join(' and ');
}
const old = await lines('prom-client');
const next = await lines('@prometheus-io/client');

const expected = `the successor counts as before: ${old}`;
const seen = `the successor: ${next}`;
const holds = old === 'calls{tenant="undefined"} 1 and calls{tenant=""} 10' && next === 'calls{tenant="undefined"} 11';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @prometheus-io/client@0.16.1 prom-client@15.1.3, Node $(node -p process.versions.node)"
node program.mjs
