#!/usr/bin/env bash
# Moleculer 0.14.36 makes the key of a cached action from the call's parameters. The key forgets types and what
# a Map holds: 1 and '1' share an answer, and so do two Maps with different entries, of which the second caller
# gets the first one's answer. But it keeps the order of properties, so { x, y } and { y, x } are two entries.
# Name the parameters with cache.keys, and give a keygen where types matter.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent moleculer@0.14.36

cat > program.mjs <<'PROGRAM'
import moleculer from 'moleculer';

const broker = new moleculer.ServiceBroker({ logger: false, cacher: 'Memory' });
let runs = 0;
broker.createService({ name: 'shop', actions: { find: { cache: true, handler: () => { runs += 1; return runs; } } } });
await broker.start();
const same = async (one, two) => (await broker.call('shop.find', one)) === (await broker.call('shop.find', two));
const number = await same({ id: 1 }, { id: '1' });
const maps = await same({ by: new Map([['id', 1]]) }, { by: new Map([['id', 2]]) });
const order = await same({ x: 1, y: 2 }, { y: 2, x: 1 });
await broker.stop();

const expected = 'one answer for 1 and "1": false; for two different Maps: false; for another order of properties: true';
const seen = `one answer for 1 and "1": ${number}; for two different Maps: ${maps}; for another order of properties: ${order}`;
const holds = number && maps && !order;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     moleculer@0.14.36, Node $(node -p process.versions.node)"
node program.mjs
