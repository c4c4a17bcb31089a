#!/usr/bin/env bash
# Node 20.20.2, node:dns. A link-local IPv6 address of a name server needs its zone, the interface: fe80::1%eth0.
# setServers() takes such an address without an error and drops the zone; getServers() shows fe80::1, which no
# question can reach. Ask such a server through a local resolver that knows the interface.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > program.mjs <<'PROGRAM'
import { Resolver } from 'node:dns';

const resolver = new Resolver();
resolver.setServers(['fe80::1%lo', '192.0.2.1']);
const servers = resolver.getServers().join(', ');

console.log('expected: fe80::1%lo, 192.0.2.1, or an error');
console.log(`seen:     ${servers}`);
process.exitCode = servers === 'fe80::1, 192.0.2.1' ? 0 : 1;
PROGRAM
echo "with:     Node $(node -p process.versions.node)"
node program.mjs
