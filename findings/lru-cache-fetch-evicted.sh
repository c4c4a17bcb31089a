#!/usr/bin/env bash
# lru-cache 11.5.3, fetch() with fetchMethod: a load that is under way takes a place in the cache. When more
# keys than max are loaded at once, the oldest loads are aborted and their callers get the error "evicted",
# although the backend would have answered. So too small a cache does not only miss, it fails requests, and only
# under load. Set ignoreFetchAbort: true, or make max larger than the number of loads at once.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent lru-cache@11.5.3

cat > program.mjs <<'PROGRAM'
import { LRUCache } from 'lru-cache';

async function load(options) {
  const cache = new LRUCache({
    max: 2,
    fetchMethod: async (key) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return `value of ${key}`;
    },
    ...options,
  });
  const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => cache.fetch(key)));
  return outcomes.map(({ value, reason }) => value ?? `error ${reason?.message}`).join(', ');
}
const plain = await load({});
const ignoring = await load({ ignoreFetchAbort: true });

const expected = 'max 2, four keys at once: value of a, value of b, value of c, value of d (two of them not kept)';
const seen = `max 2, four keys at once: ${plain}; with ignoreFetchAbort: ${ignoring}`;
const holds = plain === 'error evicted, error evicted, value of c, value of d' && !ignoring.includes('error');

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     lru-cache@11.5.3, Node $(node -p process.versions.node)"
node program.mjs
