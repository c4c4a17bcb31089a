#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0 counts refused requests. One request of cost 10 against 5 points is refused, and
# takes all points with it, so cheap requests are refused until the window ends although nothing was let
# through. A RateLimiterUnion does the same between its members: what the small limiter refuses uses up the
# large one. A token bucket takes nothing when it refuses. Ask get() first, or give refused points back with
# reward().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent rate-limiter-flexible@11.4.0

cat > program.mjs <<'PROGRAM'
import limiters from 'rate-limiter-flexible';

const { RateLimiterMemory, RateLimiterUnion } = limiters;
const outcome = (promise) => promise.then(() => 'passed', () => 'refused');

const single = new RateLimiterMemory({ points: 5, duration: 60 });
const large = await outcome(single.consume('caller', 10));
const small = await outcome(single.consume('caller', 1));

const minute = new RateLimiterMemory({ keyPrefix: 'minute', points: 1, duration: 60 });
const hour = new RateLimiterMemory({ keyPrefix: 'hour', points: 10, duration: 3600 });
const union = new RateLimiterUnion(minute, hour);
for (let count = 0; count < 20; count += 1) await outcome(union.consume('caller'));
const left = (await hour.get('caller')).remainingPoints;

const expected = 'cost 10 of 5 refused, then cost 1 passed; 1 of 20 requests passed the union, 9 of 10 hourly points left';
const seen = `cost 10 of 5 ${large}, then cost 1 ${small}; 1 of 20 requests passed the union, ${left} of 10 hourly points left`;
const holds = large === 'refused' && small === 'refused' && left === 0;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     rate-limiter-flexible@11.4.0, Node $(node -p process.versions.node)"
node program.mjs
