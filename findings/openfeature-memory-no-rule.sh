#!/usr/bin/env bash
# OpenFeature server SDK 1.23.0, its own InMemoryProvider: where the rule of a flag (contextEvaluator) matches nobody and
# answers an empty variant, the caller gets the default of the code with TYPE_MISMATCH, not the flag's defaultVariant. The
# scenarios of the OpenFeature specification have such rules and want the default variant with reason DEFAULT. Tests that
# stand this provider in for a real one see values that no real provider gives. Let the rule answer the name of the default
# variant.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0

cat > program.mjs <<'PROGRAM'
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk';

const limit = {
  variants: { usual: 10, large: 50 },
  defaultVariant: 'usual',
  disabled: false,
  contextEvaluator: ({ plan }) => (plan === 'business' ? 'large' : ''),
};
await OpenFeature.setProviderAndWait(new InMemoryProvider({ limit }));
const ask = async (plan) => {
  const { value, errorCode } = await OpenFeature.getClient().getNumberDetails('limit', -1, { plan });
  return `${value}${errorCode ? ` with ${errorCode}` : ''}`;
};
const business = await ask('business');
const free = await ask('free');

console.log('expected: 50 for business, 10 for free (the default variant)');
console.log(`seen:     ${business} for business, ${free} for free`);
process.exitCode = business === '50' && free === '-1 with TYPE_MISMATCH' ? 0 : 1;
PROGRAM
echo "with:     @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0, Node $(node -p process.versions.node)"
node program.mjs
