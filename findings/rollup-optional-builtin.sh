#!/usr/bin/env bash
# undici 7.30.2 bundled by rollup 4.53.3 with @rollup/plugin-commonjs 29.0.0 and node-resolve 16.0.3. undici asks for
# the optional module node:sqlite by require() inside try and catch. The bundle imports it at its top instead,
# outside any try, so that it cannot be loaded by a Node without that module (20). undici itself loads there.
# `commonjs({ ignore: ['node:sqlite'] })` leaves the require() where it is.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent undici@7.30.2 rollup@4.53.3 @rollup/plugin-commonjs@29.0.0 \
  @rollup/plugin-node-resolve@16.0.3 @rollup/plugin-json@6.1.0 node@20.20.2

cat > service.mjs <<'PROGRAM'
import { Pool } from 'undici';
console.log(typeof Pool);
PROGRAM
cat > rollup.config.mjs <<'PROGRAM'
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';
export default {
  input: 'service.mjs',
  output: { file: 'bundle.mjs', format: 'es', inlineDynamicImports: true },
  plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
  external: (id) => id.startsWith('node:'),
  onwarn() {},
};
PROGRAM
npx rollup --silent --config rollup.config.mjs

node=node_modules/.bin/node
plain=$("$node" service.mjs)
bundled=$("$node" bundle.mjs 2>&1 | grep -o 'ERR_UNKNOWN_BUILTIN_MODULE' | head -1 || true)
imports=$(grep -c "from 'node:sqlite'" bundle.mjs || true)

echo "with:     undici@7.30.2, rollup@4.53.3, Node $("$node" -p process.versions.node)"
echo "expected: without the bundler: function; bundled: function"
echo "seen:     without the bundler: $plain; bundled: ${bundled:-no error}; static imports of node:sqlite: $imports"
test "$plain" = function && test "$bundled" = ERR_UNKNOWN_BUILTIN_MODULE && test "$imports" -ge 1
