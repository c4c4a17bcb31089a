#!/usr/bin/env bash
# exponential-backoff 3.1.3 takes numOfAttempts, which counts all attempts, the first included. Its floor is
# one: with 0, or with a negative number, the function runs once all the same, and nothing is said. So a
# configured 0 does not switch the call off. Check the number before you call backOff.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent exponential-backoff@3.1.3

cat > program.mjs <<'PROGRAM'
import { backOff } from 'exponential-backoff';

const runs = [];
for (const numOfAttempts of [0, -3]) {
  let count = 0;
  await backOff(async () => {
    count += 1;
    throw new Error('down');
  }, { numOfAttempts }).catch(() => {});
  runs.push(count);
}

const expected = 'runs with numOfAttempts 0 and -3: 0 and 0, or an error about the option';
const seen = `runs with numOfAttempts 0 and -3: ${runs.join(' and ')}`;
const holds = runs.join() === '1,1';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     exponential-backoff@3.1.3, Node $(node -p process.versions.node)"
node program.mjs
