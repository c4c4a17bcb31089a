#!/usr/bin/env bash
# cockatiel 3.2.1: a circuit breaker that handles one type of error treats errors of other types in two opposite
# ways. While closed they do not count as a success, so two handled errors with others between them open a
# ConsecutiveBreaker(2). While half-open such an error counts as a success and closes the breaker, although no
# call has succeeded. Let the policy handle every error that says nothing good about the callee.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent cockatiel@3.2.1

cat > program.mjs <<'PROGRAM'
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType } from 'cockatiel';

const make = () => circuitBreaker(handleType(RangeError), { halfOpenAfter: 20, breaker: new ConsecutiveBreaker(2) });
const fail = (policy, Type) => policy.execute(() => { throw new Type('down'); }).catch(() => {});

const closed = make();
for (const Type of [RangeError, TypeError, RangeError]) await fail(closed, Type);
const afterMixed = CircuitState[closed.state];

await new Promise((resolve) => setTimeout(resolve, 60));
await fail(closed, TypeError);
const afterProbe = CircuitState[closed.state];

const expected = 'one rule for other errors: neutral in both states, or a success in both (then it stays Closed at first)';
const seen = `RangeError, TypeError, RangeError: ${afterMixed}; then a half-open probe with TypeError: ${afterProbe}`;
const holds = afterMixed === 'Open' && afterProbe === 'Closed';

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     cockatiel@3.2.1, Node $(node -p process.versions.node)"
node program.mjs
