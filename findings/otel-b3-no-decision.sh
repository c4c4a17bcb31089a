#!/usr/bin/env bash
# OpenTelemetry JS propagator-b3 2.12.0 with sdk-trace-base 2.12.0. In B3 the sampling state is optional: when
# it is missing, the receiver decides. The propagator turns "no decision" into "not sampled". The default
# sampler (parent based) obeys, so the whole trace is lost, and the next service is told x-b3-sampled: 0. A mesh
# or gateway that sends ids only thus switches tracing off. Give ParentBasedSampler a remoteParentNotSampled
# sampler, or let the sender always write its decision.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @opentelemetry/api@1.9.1 @opentelemetry/propagator-b3@2.12.0 @opentelemetry/core@2.12.0 @opentelemetry/sdk-trace-base@2.12.0

cat > program.mjs <<'PROGRAM'
import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, trace } from '@opentelemetry/api';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const tracer = new BasicTracerProvider().getTracer('service');
const propagator = new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
const headers = { 'x-b3-traceid': '0af7651916cd43dd8448eb211c80319c', 'x-b3-spanid': 'b7ad6b7169203331' };
const parent = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
const span = tracer.startSpan('request', {}, parent);
const onward = {};
propagator.inject(trace.setSpan(parent, span), onward, defaultTextMapSetter);

const expected = 'the receiver decides; its sampler takes everything: recording true, x-b3-sampled 1';
const seen = `recording ${span.isRecording()}, x-b3-sampled ${onward['x-b3-sampled']}`;
const holds = !span.isRecording() && onward['x-b3-sampled'] === '0';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @opentelemetry/api@1.9.1 @opentelemetry/propagator-b3@2.12.0 @opentelemetry/core@2.12.0 @opentelemetry/sdk-trace-base@2.12.0, Node $(node -p process.versions.node)"
node program.mjs
