#!/usr/bin/env bash
# opossum 9.0.0 with opossum-prometheus 0.3.0: the plugin counts the events that eventNames() lists, which are
# those that already have a listener. opossum listens to most of its own events, but not to halfOpen and
# shutdown, so these two are never counted. A dashboard shows breakers that go from open to closed without a
# probe. Add an empty listener for halfOpen before you hand the breaker to the plugin, and it is counted.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent opossum@9.0.0 opossum-prometheus@0.3.0

cat > program.mjs <<'PROGRAM'
import CircuitBreaker from 'opossum';
import PrometheusMetrics from 'opossum-prometheus';

async function count(listenFirst) {
  const breaker = new CircuitBreaker(async () => { throw new Error('down'); }, { name: `b${listenFirst}`, resetTimeout: 20 });
  if (listenFirst) breaker.on('halfOpen', () => {});
  const prometheus = new PrometheusMetrics({ circuits: [breaker] });
  await breaker.fire().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  const half = breaker.halfOpen;
  const text = await prometheus.metrics;
  breaker.shutdown();
  prometheus.clear();
  const line = text.split('\n').find((candidate) => candidate.includes('event="halfOpen"'));
  return { half, count: line ? line.split(' ').pop() : 'none' };
}
const plain = await count(false);
const listened = await count(true);

const expected = 'halfOpen counted: 1 in both cases';
const seen = `halfOpen counted: ${plain.count}; with a listener of one's own: ${listened.count}`;
const holds = plain.half && plain.count === 'none' && listened.count === '1';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     opossum@9.0.0 opossum-prometheus@0.3.0, Node $(node -p process.versions.node)"
node program.mjs
