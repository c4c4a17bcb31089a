/**
 * The full client stack (discovery, P2C, deadline, retry, breaker, traces, metrics) over HTTP and over Mux, beside a bare undici
 * pool that calls the same server process, and beside the calls of Moleculer, Nest over TCP and grpc-js. Then what Mux
 * costs a server, what answers of several sizes cost, small ones beside large ones, and sessions on which nothing happens.
 */
import { measureIdleSessions } from '../client/idle-sessions.mjs';
import { openOurs } from '../client/ours.mjs';
import { openPeers } from '../client/peers.mjs';
import { figuresOf, rowsOf } from '../client/report.mjs';
import { openServers } from '../client/server-cpu.mjs';
import { openTexts } from '../client/texts.mjs';
import { interleave, quick, report } from '../lib.mjs';

const concurrency = 64;
const calls = quick ? 2_000 : 20_000;
const callsOneByOne = quick ? 200 : 2_000;
const besideMs = quick ? 500 : 4_000;
const sessions = quick ? 100 : 1_000;
const rounds = (usual) => ({ rounds: quick ? 2 : usual, warmUp: 1 });

const ours = await openOurs();
const peers = await openPeers(ours, concurrency);
const servers = await openServers(ours, { calls, concurrency });

/** A measurement of each peer. */
function eachPeer(prefix, asked) {
  return Object.fromEntries(
    Object.entries(peers.makeCalls).map(([name, makeCalls]) => [prefix + name, () => makeCalls(asked)]),
  );
}

const results = await interleave(
  {
    ...eachPeer('', { calls, concurrency }),
    ...eachPeer('one ', { calls: callsOneByOne, concurrency: 1 }),
    ...servers.subjects,
  },
  rounds(9),
);
await Promise.all([peers.close(), servers.close()]);

const texts = await openTexts(ours);
Object.assign(results, await interleave(texts.sizeSubjects(calls, concurrency), rounds(5)));
Object.assign(results, await interleave(texts.besideSubjects(besideMs), rounds(5)));
await texts.close();
await ours.close();
const idle = await measureIdleSessions(sessions);

const figures = figuresOf(results, idle);
report(`client: ${concurrency} calls under way, median of rounds`, rowsOf(figures, { sessions }), figures);
process.exit(0);
