#!/usr/bin/env bash
# tdigest 0.1.3 keeps equal values in one centroid and draws a straight line between the middles of neighbouring
# centroids. With nine latencies of 1 ms and one of 1,000 ms the median comes out near 100 ms, a value a hundred
# times too large and never measured. The error is not bounded by the compression setting: it appears wherever
# many equal values lie beside a far one, as with rounded milliseconds. Keep raw values while there are few, and
# add fine parts to rounded ones.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent tdigest@0.1.3

cat > program.mjs <<'PROGRAM'
import { createRequire } from 'node:module';

const { TDigest } = createRequire(import.meta.url)('tdigest');
const digest = new TDigest();
for (let count = 0; count < 9; count += 1) digest.push(1);
digest.push(1000);
const median = digest.percentile(0.5);

const expected = 'median of nine times 1 and once 1000: 1';
const seen = `median of nine times 1 and once 1000: ${median}`;
const holds = median > 50;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     tdigest@0.1.3, Node $(node -p process.versions.node)"
node program.mjs
