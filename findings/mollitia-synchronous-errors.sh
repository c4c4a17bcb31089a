#!/usr/bin/env bash
# mollitia 0.1.1 guards a function with modules. They see only errors of promises. When a function that is not
# async throws at once, the breaker does not count it, Retry runs it once, and Fallback is not asked. The same
# error from an async function is handled by all three. Wrap each guarded function: circuit.fn(async () =>
# work()).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent mollitia@0.1.1

cat > program.mjs <<'PROGRAM'
import * as mollitia from 'mollitia';

const fail = () => {
  throw new Error('down');
};
const failAsync = async () => fail();

async function run(modules, work, times = 1) {
  const circuit = new mollitia.Circuit({ options: { modules } });
  let last;
  for (let turn = 0; turn < times; turn += 1) {
    try {
      last = `value ${await circuit.fn(work).execute()}`;
    } catch (error) {
      last = `error ${error.message}`;
    }
  }
  return last;
}

async function observe(work) {
  const breaker = new mollitia.SlidingCountBreaker({ slidingWindowSize: 4, minimumNumberOfCalls: 2, openStateDelay: 60_000 });
  await run([breaker], work, 6);
  let runs = 0;
  const counted = () => {
    runs += 1;
    return work();
  };
  await run([new mollitia.Retry({ attempts: 2, interval: 1 })], counted);
  const fallback = await run([new mollitia.Fallback({ callback: () => new Error('replaced') })], work);
  return `breaker ${breaker.state}, runs ${runs}, ${fallback}`;
}

const plain = await observe(fail);
const promised = await observe(failAsync);
const expected = `both: breaker opened, runs 3, error replaced`;
const seen = `plain function: ${plain}; async function: ${promised}`;
const holds = plain === 'breaker closed, runs 1, error down' && promised === 'breaker opened, runs 3, error replaced';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     mollitia@0.1.1, Node $(node -p process.versions.node)"
node program.mjs
