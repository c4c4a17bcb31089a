#!/usr/bin/env bash
# proxy-from-env 2.1.0: NO_PROXY=example.com excepts that host alone. Requests to
# api.example.com still go through the proxy. curl, Go and undici take the name for all names below it, so one
# environment means different ways for the programs of one container. Write ".example.com,example.com" for all.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent proxy-from-env@2.1.0

cat > program.mjs <<'PROGRAM'
import { getProxyForUrl } from 'proxy-from-env';

for (const name of ['https_proxy', 'no_proxy', 'all_proxy', 'ALL_PROXY']) delete process.env[name];
process.env.HTTPS_PROXY = 'http://proxy.test:3128';
process.env.NO_PROXY = 'example.com';
const itself = getProxyForUrl('https://example.com/');
const below = getProxyForUrl('https://api.example.com/');

console.log('expected: no proxy for example.com and api.example.com');
console.log(`seen:     ${itself || 'no proxy'} for example.com, ${below || 'no proxy'} for api.example.com`);
process.exitCode = itself === '' && below === 'http://proxy.test:3128' ? 0 : 1;
PROGRAM
echo "with:     proxy-from-env@2.1.0, Node $(node -p process.versions.node)"
node program.mjs
