#!/usr/bin/env bash
# convict 6.2.5: values from the environment stand above files, and set() stands above all, so a value set while
# running should stay. But each load(), even of an empty object, reads the environment again and writes it over
# the value that was set. A service that reloads one file so loses every change of an operator for which a
# variable exists, while the others stay. Repeat your own set() calls after each load().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent convict@6.2.5

cat > program.mjs <<'PROGRAM'
import { createRequire } from 'node:module';

const convict = createRequire(import.meta.url)('convict');
const schema = {
  withVariable: { format: 'int', default: 1, env: 'LIMIT' },
  without: { format: 'int', default: 1 },
};
const config = convict(schema, { env: { LIMIT: '5' } });
config.set('withVariable', 7);
config.set('without', 7);
const before = `${config.get('withVariable')} and ${config.get('without')}`;
config.load({});
const after = `${config.get('withVariable')} and ${config.get('without')}`;

const expected = 'after set: 7 and 7; after loading an empty object: 7 and 7';
const seen = `after set: ${before}; after loading an empty object: ${after}`;
const holds = before === '7 and 7' && after === '5 and 7';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     convict@6.2.5, Node $(node -p process.versions.node)"
node program.mjs
