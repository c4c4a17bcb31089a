#!/usr/bin/env bash
# Moleculer 0.14.36 with bulkhead and requestTimeout: a call that waits in the bulkhead's queue longer than its
# timeout is refused to its caller, but stays in the queue and runs later all the same. Under overload the
# service thus works for callers that have left. Check the time since the request was made inside the action,
# and keep maxQueueSize small.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent moleculer@0.14.36

cat > program.mjs <<'PROGRAM'
import moleculer from 'moleculer';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const broker = new moleculer.ServiceBroker({
  logger: false, requestTimeout: 50, bulkhead: { enabled: true, concurrency: 1, maxQueueSize: 10 },
});
let runs = 0;
broker.createService({ name: 'orders', actions: { async place() { runs += 1; await sleep(150); } } });
await broker.start();
const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => broker.call('orders.place')));
const failed = outcomes.filter(({ status }) => status === 'rejected').length;
const begun = runs;
await sleep(1500);
await broker.stop();

const expected = '4 callers timed out; runs begun by then 1, in the end 1';
const seen = `${failed} callers timed out; runs begun by then ${begun}, in the end ${runs}`;
const holds = failed === 4 && begun === 1 && runs === 4;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     moleculer@0.14.36, Node $(node -p process.versions.node)"
node program.mjs
