#!/usr/bin/env bash
# find-my-way 9.10.2 chooses a route by version: Accept-Version "2.x" gives the highest 2.x that is registered.
# Its order looks at pre-releases as at releases, so 2.1.0-rc.1 beats 2.0.0 for everybody who asks for 2.x. In
# semver a range without a pre-release never means one. Registering a release candidate beside the release thus
# moves all traffic to it. Give a candidate a constraint of its own, such as a header.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent find-my-way@9.10.2

cat > program.mjs <<'PROGRAM'
import findMyWay from 'find-my-way';

const router = findMyWay();
for (const version of ['2.0.0', '2.1.0-rc.1']) router.on('GET', '/orders', { constraints: { version } }, () => {}, version);
const found = router.find('GET', '/orders', { version: '2.x' }).store;

const expected = 'Accept-Version 2.x is answered by 2.0.0';
const seen = `Accept-Version 2.x is answered by ${found}`;
const holds = found === '2.1.0-rc.1';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     find-my-way@9.10.2, Node $(node -p process.versions.node)"
node program.mjs
