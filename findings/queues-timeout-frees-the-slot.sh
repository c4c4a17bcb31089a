#!/usr/bin/env bash
# p-queue 9.0.1 (option timeout) and bottleneck 2.19.5 (option expiration): a job that takes too long is given
# up, its place is free and the next one starts, but the job itself runs on. So "one at a time" becomes three at
# a time exactly when the callee is slow. Bound the work itself, with a signal of your own, and let the queue
# wait for its end.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent p-queue@9.0.1 bottleneck@2.19.5

cat > program.mjs <<'PROGRAM'
import Bottleneck from 'bottleneck';
import PQueue from 'p-queue';

async function most(schedule) {
  let running = 0;
  let highest = 0;
  const job = async () => {
    running += 1;
    highest = Math.max(highest, running);
    await new Promise((resolve) => setTimeout(resolve, 300));
    running -= 1;
  };
  await Promise.all([1, 2, 3].map(() => schedule(job).catch(() => {})));
  return highest;
}
const queue = new PQueue({ concurrency: 1, timeout: 60 });
const limiter = new Bottleneck({ maxConcurrent: 1 });
const inQueue = await most((job) => queue.add(job));
const inLimiter = await most((job) => limiter.schedule({ expiration: 60 }, job));

const expected = 'jobs at work at once with concurrency 1: p-queue 1, bottleneck 1';
const seen = `jobs at work at once with concurrency 1: p-queue ${inQueue}, bottleneck ${inLimiter}`;
const holds = inQueue === 3 && inLimiter === 3;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     p-queue@9.0.1 bottleneck@2.19.5, Node $(node -p process.versions.node)"
node program.mjs
