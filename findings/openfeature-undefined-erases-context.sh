#!/usr/bin/env bash
# OpenFeature server SDK 1.23.0 merges the evaluation contexts of application and call one level deep. A
# property that a call names with the value undefined erases the application's value, as when an optional field
# is passed on; the provider then sees no such attribute and its rules fall to their default. Nested objects are
# replaced, not merged. Leave undefined properties out of the context of a call.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0

cat > program.mjs <<'PROGRAM'
import { OpenFeature } from '@openfeature/server-sdk';

let context;
const provider = {
  metadata: { name: 'recording' },
  resolveBooleanEvaluation: async (_flag, _default, given) => {
    context = given;
    return { value: true };
  },
};
await OpenFeature.setProviderAndWait(provider);
OpenFeature.setContext({ region: 'north', app: { name: 'shop', version: '2' } });
const request = {};
await OpenFeature.getClient().getBooleanValue('flag', false, { region: request.region, app: { version: '3' } });

const expected = 'the provider sees region north and app {"name":"shop","version":"3"}';
const seen = `the provider sees region ${context.region} and app ${JSON.stringify(context.app)}`;
const holds = context.region === undefined && context.app.name === undefined;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0, Node $(node -p process.versions.node)"
node program.mjs
