#!/usr/bin/env bash
# NestJS 12 has ES modules alone, which require() of Node loads since 20.19. Jest 30 as it comes has a require() of its own
# that does not: a CommonJS test with @nestjs/testing fails, also on Node 24.22.3, unless Node is told
# --experimental-vm-modules (from Node 24.9 on that is enough; before, the test must be an ES module too).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent jest@30.5.2 @nestjs/common@12.5.1 @nestjs/core@12.5.1 @nestjs/testing@12.1.1 \
  @nestjs/platform-express@12.5.1 reflect-metadata@0.2.2 rxjs@7.8.2

cat > plain.cjs <<'PROGRAM'
require('reflect-metadata');
const { Test } = require('@nestjs/testing');
module.exports = () => Test.createTestingModule({ providers: [{ provide: 'answer', useValue: 42 }] }).compile();
PROGRAM
cat > module.test.js <<'PROGRAM'
test('the module is made', async () => expect((await require('./plain.cjs')()).get('answer')).toBe(42));
PROGRAM

node=$(node -e "require('./plain.cjs')().then((made) => console.log(made.get('answer')), (e) => console.log(e.message))")
jest=$(npx jest --ci 2>&1 || true)
echo "with:     jest@30.5.2, @nestjs/testing@12.1.1, Node $(node -p process.versions.node)"
echo "expected: what require() of Node loads, a test of Jest loads too"
echo "seen:     require() of Node answers $node; Jest says: $(grep -m1 -o 'Must use import to load ES Module' <<< "$jest")"
[ "$node" = 42 ] && grep -q 'Must use import to load ES Module' <<< "$jest"
