#!/usr/bin/env bash
# prom-client 15.1.3 (and its successor @prometheus-io/client 0.16.1): a summary with a sliding window reports
# quantile 0 when the window holds no observation, also before the first one. There is no such quantile, and NaN
# would say so. So a service that nobody calls, or that hangs, shows a latency of 0 seconds: the best value a
# dashboard can show, and no alert fires. Use histograms, or do not export the summary while nothing was
# observed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent prom-client@15.1.3

cat > program.mjs <<'PROGRAM'
import { Registry, Summary } from 'prom-client';

const registry = new Registry();
const latency = new Summary({
  name: 'latency_seconds', help: 'Latency.', percentiles: [0.99], maxAgeSeconds: 0.2, ageBuckets: 2, registers: [registry],
});
const quantile = async () => /quantile="0.99"} (.*)/.exec(await registry.metrics())[1];
const fresh = await quantile();
latency.observe(3);
const busy = await quantile();
await new Promise((resolve) => setTimeout(resolve, 600));
const idle = await quantile();

const expected = 'p99 before the first call NaN, busy 3, idle NaN';
const seen = `p99 before the first call ${fresh}, busy ${busy}, idle ${idle}`;
const holds = fresh === '0' && busy === '3' && idle === '0';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     prom-client@15.1.3, Node $(node -p process.versions.node)"
node program.mjs
