#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0 has execEvenly, which shall spread the requests of a window evenly. For requests
# that arrive together it divides the rest of the window by the points left, each time anew, without counting
# the delays already given. Ten points in a second are let go in a cluster after 100 ms and then with growing
# gaps, the last at half of the window. Use a queue with a fixed gap where the callee needs an even flow.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent rate-limiter-flexible@11.4.0

cat > program.mjs <<'PROGRAM'
import limiters from 'rate-limiter-flexible';

const limiter = new limiters.RateLimiterMemory({ points: 10, duration: 2, execEvenly: true });
const start = performance.now();
const passed = await Promise.all(Array.from({ length: 10 }, async () => {
  await limiter.consume('caller');
  return Math.round(performance.now() - start);
}));
const gaps = passed.slice(2).map((time, index) => time - passed[index + 1]);

const expected = 'ten requests in a window of 2000 ms: one each 200 ms, the last at about 1800 ms';
const seen = `ten requests in a window of 2000 ms: at ${passed.join(', ')} ms`;
const holds = passed[9] < 1400 && Math.min(...gaps) < 60 && Math.max(...gaps) > 200;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     rate-limiter-flexible@11.4.0, Node $(node -p process.versions.node)"
node program.mjs
