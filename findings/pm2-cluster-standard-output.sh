#!/usr/bin/env bash
# PM2 7.0.4, cluster mode: what a worker writes to its standard output by the file descriptor, as pino does by default, stands in
# no log of PM2. Only what goes through `process.stdout.write` does, which PM2 replaces by a function of its own. In fork mode
# both are kept. A service that logs that way runs, and nobody sees a line of it. Write through `process.stdout` there.
set -eu
folder=$(mktemp -d)
export PM2_HOME="$folder/home"
trap '"$folder/node_modules/.bin/pm2" kill > /dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "commonjs" }' > package.json
npm install --no-audit --no-fund --silent pm2@7.0.4

cat > service.js <<'END'
require('node:fs').writeSync(1, 'by descriptor\n');
process.stdout.write('by stream\n');
setInterval(() => {}, 1000);
END
node_modules/.bin/pm2 start service.js -i 1 --name cluster > /dev/null 2>&1
node_modules/.bin/pm2 start service.js --name fork > /dev/null 2>&1
sleep 3
lines() { sort "$PM2_HOME/logs/$1"-out*.log | paste -sd, -; }
cluster=$(lines cluster)
fork=$(lines fork)
echo "with:     pm2@7.0.4, Node $(node -p process.versions.node)"
echo "expected: both lines in the logs of both"
echo "seen:     cluster mode: $cluster; fork mode: $fork"
[ "$cluster" = 'by stream' ] && [ "$fork" = 'by descriptor,by stream' ]
