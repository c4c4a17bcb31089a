#!/usr/bin/env bash
# @connectrpc/connect 2.1.1: ConnectError.from(), which turns any error into one with a code, knows AbortError
# and gives Canceled. The TimeoutError of AbortSignal.timeout() also becomes Canceled, not DeadlineExceeded. So
# a call that ran into its own time limit looks like one that the caller gave up. Turn TimeoutError into
# Code.DeadlineExceeded yourself before it reaches the library.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @connectrpc/connect@2.1.1 @bufbuild/protobuf@2.10.2

cat > program.mjs <<'PROGRAM'
import { Code, ConnectError } from '@connectrpc/connect';

const signal = AbortSignal.timeout(1);
await new Promise((resolve) => signal.addEventListener('abort', resolve));
const fromTimeout = Code[ConnectError.from(signal.reason).code];
const fromAbort = Code[ConnectError.from(AbortSignal.abort().reason).code];

const expected = 'AbortError: Canceled; TimeoutError: DeadlineExceeded';
const seen = `AbortError: ${fromAbort}; TimeoutError: ${fromTimeout}`;
const holds = fromAbort === 'Canceled' && fromTimeout === 'Canceled';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @connectrpc/connect@2.1.1 @bufbuild/protobuf@2.10.2, Node $(node -p process.versions.node)"
node program.mjs
