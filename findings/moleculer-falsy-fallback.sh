#!/usr/bin/env bash
# Moleculer 0.14.36: the call option fallbackResponse gives the answer to use when a call fails. A fallback of
# 0, false, null or the empty text is treated as no fallback, and the error reaches the caller: the usual "count
# is 0" or "feature is off" does not work. Give a function: fallbackResponse: () => 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent moleculer@0.14.36

cat > program.mjs <<'PROGRAM'
import moleculer from 'moleculer';

const broker = new moleculer.ServiceBroker({ logger: false });
broker.createService({ name: 'cart', actions: { count() { throw new Error('down'); } } });
await broker.start();
const outcomes = [];
for (const fallbackResponse of [1, 0, false, '', null, () => 0]) {
  outcomes.push(await broker.call('cart.count', {}, { fallbackResponse }).then((value) => `${value}`, () => 'error'));
}
await broker.stop();

const expected = 'fallbacks 1, 0, false, "", null and () => 0 give: 1, 0, false, , null, 0';
const seen = `fallbacks 1, 0, false, "", null and () => 0 give: ${outcomes.join(', ')}`;
const holds = outcomes.join() === '1,error,error,error,error,0';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     moleculer@0.14.36, Node $(node -p process.versions.node)"
node program.mjs
