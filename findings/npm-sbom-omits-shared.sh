#!/usr/bin/env bash
# npm 11.19.1, npm sbom --omit dev. It leaves out a package that production needs as soon as a development dependency needs it as
# well: its list of what a program brings is too short. npm ls --omit dev has it. Make the list in a folder where only
# what is published is installed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir tools && cd tools
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent npm@11.19.1
npm="node $folder/tools/node_modules/npm/bin/npm-cli.js"

# The workspace "shop" needs is-number, and so does is-odd, a tool of the root.
mkdir -p ../root/shop && cd ../root
echo '{ "name": "root", "version": "1.0.0", "private": true, "workspaces": ["shop"], "devDependencies": { "is-odd": "3.0.1" } }' > package.json
echo '{ "name": "shop", "version": "1.0.0", "dependencies": { "is-number": "6.0.0" } }' > shop/package.json
$npm install --no-audit --no-fund --silent

names='let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () =>
  console.log(JSON.parse(text).components.map(({ name }) => name).sort().join(", ")));'
listed=$($npm sbom --omit dev --sbom-format cyclonedx | node -e "$names")
shown=$($npm ls --omit dev --all --parseable | grep -c 'node_modules/is-number$' || true)
echo "with:     npm $($npm --version)"
echo 'expected: is-number, shop'
echo "seen:     $listed; npm ls --omit dev shows is-number $shown times"
[ "$listed" = shop ] && [ "$shown" -ge 1 ]
