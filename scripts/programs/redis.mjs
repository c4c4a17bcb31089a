/** A Redis server for tests. `node scripts/programs/redis.mjs` prints its path. */
import { dirname, join } from 'node:path';
import { findProgram, printWhenMain } from './debian.mjs';

/** @type {import('./debian.mjs').DebianProgram} */
const redis = Object.freeze({
  name: 'Redis',
  variable: 'REDIS_BIN',
  required: 'FWK_REQUIRE_REDIS',
  command: 'redis-server',
  // The server is the same file under another name; which it is, the name it is started by decides.
  path: 'usr/bin/redis-check-rdb',
  packages: [
    {
      name: 'redis-tools',
      version: '5:6.0.16-1+deb11u2',
      sha256: '0329056b6cf1cc65ec1069a66bb0825ddb8307d1c6c5c93ab022fb19187138fd',
    },
    {
      name: 'libatomic1',
      version: '10.2.1-6',
      sha256: 'e8f1d04653698ab185c1144f35f905a1de87571c12ea630b65be669a2823d8c7',
    },
    {
      name: 'libjemalloc2',
      version: '5.2.1-3',
      sha256: 'dcb79555b137ad70c9d392ca31e04533e3a10b63aa0db02d5a26f464060cc0f5',
    },
    {
      name: 'liblua5.1-0',
      version: '5.1.5-8.1+b3',
      sha256: '8f5341aba9fd26a797ff826b4aa4c626fd487ebe2bf659bc8b2cee450ec7f9f2',
    },
    {
      name: 'liblzf1',
      version: '3.6-3',
      sha256: '9854b0866201b63e04f1e446f45f01ef4a6f72c61f2250b75f944f6046cc7e8c',
    },
    {
      name: 'libssl1.1',
      version: '1.1.1w-0+deb11u1',
      sha256: 'aadf8b4b197335645b230c2839b4517aa444fd2e8f434e5438c48a18857988f7',
    },
    {
      name: 'lua-bitop',
      version: '1.0.2-5',
      sha256: 'e7a286f04b4fced769b4da574e13a058dac1e6ad23660998643bf1af8a875b1a',
    },
    {
      name: 'lua-cjson',
      version: '2.1.0+dfsg-2.1',
      sha256: '4bdf90fe39c1de756c22c3c52332bc6e694c53645c4059932e2e0917e9f07517',
    },
  ],
});

/**
 * @returns {Promise<string | undefined>} see findProgram. Start it with `argv0: 'redis-server'` and {@link redisLibraries}.
 */
export function findRedis(environment = process.env) {
  return findProgram(redis, environment);
}

/**
 * The environment variables by which a fetched program finds its libraries, those of its Lua scripts too; a system's own program needs
 * none of them.
 */
export function redisLibraries(program) {
  const libraries = join(dirname(program), '../lib/x86_64-linux-gnu');
  return { LD_LIBRARY_PATH: libraries, LUA_CPATH: `${join(libraries, 'lua/5.1')}/?.so;;` };
}

await printWhenMain(import.meta.url, findRedis);
