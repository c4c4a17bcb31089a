#!/usr/bin/env bash
# OpenTelemetry JS propagator-b3 2.12.0 with sdk-trace-base 2.12.0. The one-header form of B3 may be "0" alone:
# do not sample this request. Proxies send it for health checks and for traffic that shall not be traced. The
# propagator ignores a header without ids, so the service starts a trace of its own and records it. Read the
# header yourself in a sampler where such requests must stay out.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @opentelemetry/api@1.9.1 @opentelemetry/propagator-b3@2.12.0 @opentelemetry/core@2.12.0 @opentelemetry/sdk-trace-base@2.12.0

cat > program.mjs <<'PROGRAM'
import { ROOT_CONTEXT, defaultTextMapGetter } from '@opentelemetry/api';
import { B3Propagator } from '@opentelemetry/propagator-b3';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const tracer = new BasicTracerProvider().getTracer('service');
const start = (headers) => tracer.startSpan('request', {}, new B3Propagator().extract(ROOT_CONTEXT, headers, defaultTextMapGetter));
const alone = start({ b3: '0' }).isRecording();
const withIds = start({ b3: '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0' }).isRecording();

const expected = 'recording with "b3: 0": false; with ids and 0: false';
const seen = `recording with "b3: 0": ${alone}; with ids and 0: ${withIds}`;
const holds = alone === true && withIds === false;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @opentelemetry/api@1.9.1 @opentelemetry/propagator-b3@2.12.0 @opentelemetry/core@2.12.0 @opentelemetry/sdk-trace-base@2.12.0, Node $(node -p process.versions.node)"
node program.mjs
