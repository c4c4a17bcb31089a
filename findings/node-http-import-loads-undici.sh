#!/usr/bin/env bash
# Node 24.21.0. `import 'node:http'` in an ES module also loads the HTTP client that is built into Node (undici, for
# fetch and WebSocket), which costs more than the server itself; require('node:http') and process.getBuiltinModule()
# do not. Node 20.20.2 does not load it either way. A program that only serves can ask by getBuiltinModule().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent node-24@npm:node@24.21.0 node-20@npm:node@20.20.2

say='console.log(process.moduleLoadList.some((name) => name.includes("deps/undici/undici")) ? "loaded" : "not loaded")'
echo "import 'node:http'; $say" > imported.mjs
echo "process.getBuiltinModule('node:http'); $say" > asked.mjs
echo "require('node:http'); $say" > required.cjs

new=node_modules/node-24/bin/node
old=node_modules/node-20/bin/node
seen="24 imported: $("$new" imported.mjs); 24 asked: $("$new" asked.mjs); 24 required: $("$new" required.cjs); 20 imported: $("$old" imported.mjs)"

echo "with:     Node $("$new" -p process.versions.node) and $("$old" -p process.versions.node)"
echo "expected: not loaded by any of them"
echo "seen:     undici: $seen"
test "$seen" = '24 imported: loaded; 24 asked: not loaded; 24 required: not loaded; 20 imported: not loaded'
