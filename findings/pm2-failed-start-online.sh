#!/usr/bin/env bash
# PM2 7.0.4, cluster mode: an ES module whose start ends with a rejected promise at the top level ends a plain Node process
# with code 1. Under PM2 the process lives on: it is listed as online and is not restarted, since PM2 listens for unhandled
# rejections and its channel to the worker keeps the process alive. A service that cannot start looks healthy. Catch the
# error of the start and call process.exit(1).
set -eu
folder=$(mktemp -d)
export PM2_HOME="$folder/home"
trap '"$folder/node_modules/.bin/pm2" kill > /dev/null 2>&1 || true; rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --no-audit --no-fund --silent pm2@7.0.4

echo 'await Promise.reject(new Error("no database"));' > service.js
plain=0
node service.js > /dev/null 2>&1 || plain=$?
node_modules/.bin/pm2 start service.js -i 1 --name service > /dev/null 2>&1
sleep 5
seen=$(node_modules/.bin/pm2 jlist 2> /dev/null | tail -n 1 | node -e '
  const [{ pm2_env: { status, restart_time } }] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  console.log(`${status}, ${restart_time} restarts`);')
echo "with:     pm2@7.0.4, Node $(node -p process.versions.node)"
echo "expected: plain Node ends with code 1, and PM2 restarts the worker or lists it as errored"
echo "seen:     plain Node ended with code $plain; PM2 after five seconds: $seen"
[ "$plain" -eq 1 ] && [ "$seen" = "online, 0 restarts" ]
