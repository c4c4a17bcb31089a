#!/usr/bin/env bash
# limiter 4.1.0 has two classes with the same options. A new TokenBucket holds no tokens, so it refuses the
# first request. A new RateLimiter, which is built on TokenBucket, is full and lets it pass. A token bucket
# starts full nearly everywhere else. Set bucket.content to the size of the bucket after making it, or use
# RateLimiter.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent limiter@4.1.0

cat > program.mjs <<'PROGRAM'
import { RateLimiter, TokenBucket } from 'limiter';

const bucket = new TokenBucket({ bucketSize: 10, tokensPerInterval: 10, interval: 'minute' });
const limiter = new RateLimiter({ tokensPerInterval: 10, interval: 'minute' });
const fromBucket = bucket.tryRemoveTokens(1);
const fromLimiter = limiter.tryRemoveTokens(1);

const expected = 'TokenBucket lets the first request pass: true, RateLimiter: true';
const seen = `TokenBucket lets the first request pass: ${fromBucket}, RateLimiter: ${fromLimiter}`;
const holds = fromBucket === false && fromLimiter === true;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     limiter@4.1.0, Node $(node -p process.versions.node)"
node program.mjs
