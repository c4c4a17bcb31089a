#!/usr/bin/env bash
# OpenTelemetry JS core 2.12.0 (3.1.1 too), W3CBaggagePropagator: an entry whose value is the empty string is
# written to the header as "name=", which the W3C grammar allows. The same class drops that entry when it reads
# the header, so the entry lives for one process only. A service behind two hops cannot tell "empty" from
# "absent". Do not send empty values; send a word such as "none".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.0

cat > program.mjs <<'PROGRAM'
import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, propagation } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';

const propagator = new W3CBaggagePropagator();
const baggage = propagation.createBaggage({ tenant: { value: '' }, region: { value: 'north' } });
const carrier = {};
propagator.inject(propagation.setBaggage(ROOT_CONTEXT, baggage), carrier, defaultTextMapSetter);
const received = propagation.getBaggage(propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter));
const names = received.getAllEntries().map(([name]) => name);

const expected = `header "tenant=,region=north", read again as tenant, region`;
const seen = `header "${carrier.baggage}", read again as ${names.join(', ')}`;
const holds = carrier.baggage === 'tenant=,region=north' && names.join() === 'region';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.0, Node $(node -p process.versions.node)"
node program.mjs
