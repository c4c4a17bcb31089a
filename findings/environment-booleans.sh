#!/usr/bin/env bash
# Three libraries read one boolean environment variable in three ways. convict 6.2.5: all but "false" is true,
# so "0" and "no" switch a thing on. config 4.1.1 (format boolean): all but "true" is false, so "1" and "yes"
# switch it off. @openfeature/env-var-provider 0.3.1: only "true" and "false" in small letters count, the rest
# gives the default of the call. No one of them reports anything to the operator at start. Write only "true" and
# "false", and check the text before you hand it over.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent convict@6.2.5 config@4.1.1 @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0 @openfeature/env-var-provider@0.3.1

cat > program.mjs <<'PROGRAM'
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { OpenFeature } from '@openfeature/server-sdk';
import { EnvVarProvider } from '@openfeature/env-var-provider';

const require = createRequire(import.meta.url);
const texts = ['1', 'yes', '0', 'no'];
mkdirSync('config');
writeFileSync('config/default.json', '{}');
const mapping = Object.fromEntries(texts.map((_, index) => [`v${index}`, { __name: `SWITCH_${index}`, __format: 'boolean' }]));
writeFileSync('config/custom-environment-variables.json', JSON.stringify(mapping));
texts.forEach((text, index) => {
  process.env[`SWITCH_${index}`] = text;
});
const convict = require('convict');
const config = require('config');
await OpenFeature.setProviderAndWait(new EnvVarProvider());
const client = OpenFeature.getClient();
OpenFeature.setLogger({ error() {}, warn() {}, info() {}, debug() {} });

const byConvict = texts.map((_, index) => convict({ on: { format: Boolean, default: false, env: `SWITCH_${index}` } }).get('on'));
const byConfig = texts.map((_, index) => config.get(`v${index}`));
const byFlags = await Promise.all(texts.map((_, index) => client.getBooleanValue(`switch-${index}`, true)));

const expected = `${texts.join(', ')}: true, true, false, false, or an error`;
const seen = `convict ${byConvict.join(', ')}; config ${byConfig.join(', ')}; flags with default true ${byFlags.join(', ')}`;
const holds = byConvict.every((on) => on) && byConfig.every((on) => !on) && byFlags.every((on) => on);

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     convict@6.2.5 config@4.1.1 @openfeature/core@1.12.0 @openfeature/server-sdk@1.23.0 @openfeature/env-var-provider@0.3.1, Node $(node -p process.versions.node)"
node program.mjs
