#!/usr/bin/env bash
# OpenFeature server SDK 1.23.0: when an "after" hook throws, the value that the provider has already found is
# thrown away and the caller gets the default. A hook that only counts or logs can so turn every flag of an
# application back at once. A "finally" hook that throws does no harm. Catch errors inside "after" hooks, or
# record in "finally".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0

cat > program.mjs <<'PROGRAM'
import { OpenFeature } from '@openfeature/server-sdk';

const provider = { metadata: { name: 'always on' }, resolveBooleanEvaluation: async () => ({ value: true }) };
await OpenFeature.setProviderAndWait(provider);
const fail = () => {
  throw new Error('the metrics server is down');
};
console.error = () => {};
const evaluate = (hook) => OpenFeature.getClient().addHooks(hook).getBooleanValue('flag', false);
const after = await evaluate({ after: fail });
const last = await evaluate({ finally: fail });

const expected = 'flag is on at the provider; with a failing after hook true, with a failing finally hook true';
const seen = `with a failing after hook ${after}, with a failing finally hook ${last}`;
const holds = after === false && last === true;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0, Node $(node -p process.versions.node)"
node program.mjs
