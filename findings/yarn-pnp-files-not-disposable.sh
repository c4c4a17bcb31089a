#!/usr/bin/env bash
# Yarn 4.18.1, Plug'n'Play: files that node:fs/promises opens are no disposables. Node's own FileHandle has Symbol.asyncDispose
# since 20.4; the one that Yarn puts in its place lacks it, so "await using file = await open(path)" throws a TypeError without
# a code, for a file that is there. Close the file by name, in a finally.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir tool project
(cd tool && echo '{ "private": true }' > package.json && npm install --no-audit --no-fund --silent @yarnpkg/cli-dist@4.18.1)
cd project
echo '{ "name": "project", "private": true }' > package.json
touch yarn.lock

cat > program.mjs <<'PROGRAM'
import { open } from 'node:fs/promises';

const file = await open('package.json');
console.log(typeof file[Symbol.asyncDispose]);
await file.close();
PROGRAM
yarn() { YARN_ENABLE_TELEMETRY=0 YARN_NODE_LINKER=pnp node ../tool/node_modules/@yarnpkg/cli-dist/bin/yarn.js "$@"; }
yarn install > /dev/null
echo "with:     @yarnpkg/cli-dist@4.18.1, Node $(node -p process.versions.node)"
plain=$(node program.mjs)
under=$(yarn node program.mjs)
echo "expected: function with plain Node and under Yarn"
echo "seen:     $plain with plain Node, $under under Yarn"
[ "$plain" = function ] && [ "$under" = undefined ]
