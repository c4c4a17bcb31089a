#!/usr/bin/env bash
# hashring 3.2.0 rounds each server's share of the ring's points down. A server with weight 1 beside one with
# weight 100 gets no point, and so none of 20,000 keys, without a warning. When a server with a weight joins,
# the points of the others are counted anew, so keys also move between servers that stayed, which a consistent
# hash promises not to do. Use weights of the same size, or a hash that gives each server a fixed number of
# points per unit of weight.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent hashring@3.2.0

cat > program.mjs <<'PROGRAM'
import HashRing from 'hashring';

const keys = Array.from({ length: 20_000 }, (_, number) => `key-${number}`);

const uneven = new HashRing({ large: 100, small: 1 });
const small = keys.filter((key) => uneven.get(key) === 'small').length;

const ring = new HashRing({ one: 100, two: 50 });
const before = new Map(keys.map((key) => [key, ring.get(key)]));
ring.add({ three: 50 });
const moved = keys.filter((key) => ring.get(key) !== 'three' && ring.get(key) !== before.get(key)).length;

const expected = 'about 198 keys (1 of 101) for the small server; 0 keys moved between the servers that stayed';
const seen = `${small} keys for the small server; ${moved} keys moved between the servers that stayed`;
const holds = small === 0 && moved > 100;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     hashring@3.2.0, Node $(node -p process.versions.node)"
node program.mjs
