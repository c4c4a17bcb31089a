#!/usr/bin/env bash
# Node 24.21.0, node:zlib: a zstd file may have several frames, one behind the other (RFC 8878, 3), as a gzip file may have several
# members; programs that compress in parts write them, and so does `cat a.zst b.zst`. `gunzipSync` gives the text of all members.
# `zstdDecompressSync` and `createZstdDecompress` give that of the first frame and end well; the rest is lost without an error. If a
# skippable frame stands first, there is no text at all. Split the frames yourself (their lengths are in their blocks).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null

cat > program.mjs <<'PROGRAM'
import { createZstdDecompress, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const parts = ['one ', 'two'];
const frames = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
// A skippable frame of four bytes, and a frame.
const skippable = Buffer.concat([Buffer.from('502a4d180400000001020304', 'hex'), zstdCompressSync('one ')]);
const streamed = async (body) => {
  const expanding = createZstdDecompress();
  expanding.end(body);
  return String(Buffer.concat(await expanding.toArray()));
};
const seen = {
  gzip: String(gunzipSync(Buffer.concat(parts.map((part) => gzipSync(part))))),
  sync: String(zstdDecompressSync(frames)),
  stream: await streamed(frames),
  behindSkippable: String(zstdDecompressSync(skippable)),
};
console.log('expected: "one two" of two frames, and "one " behind a skippable frame');
console.log(`seen:     ${JSON.stringify(seen)}`);
process.exitCode =
  seen.gzip === 'one two' && seen.sync === 'one ' && seen.stream === 'one ' && seen.behindSkippable === '' ? 0 : 1;
PROGRAM
echo "with:     Node $(node_modules/.bin/node -p process.versions.node)"
node_modules/.bin/node program.mjs
