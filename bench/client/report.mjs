/** The figures of the row `client`, and its table for people. */
import { median, round } from '../lib.mjs';
import { sizes } from './texts.mjs';

const titles = {
  fwk: 'fwk client stack, HTTP',
  mux: 'fwk client stack, Mux',
  undici: 'undici Pool.request + JSON',
  moleculer: 'moleculer over TCP',
  nest: 'nest over TCP',
  grpc: 'grpc-js',
};
const peers = Object.keys(titles);

/**
 * @param results by subject the measurements of each round
 * @param idle kB of an idle session
 */
export function figuresOf(results, idle) {
  const middle = (subject, field) => median(results[subject].map((measured) => (field ? measured[field] : measured)));
  const rps = (name) => middle(name, 'rps');
  const cpuUs = (name) => middle(name, 'cpuUs');
  const ofPeers = (measure) => Object.fromEntries(peers.map((name) => [name, measure(name)]));
  const besideMs = (subject) => round(middle(subject, 'p99Us') / 1000, 1);
  const text = (name, wire) => ({
    [`${wire}Rps`]: round(rps(`${wire} ${name}`), 0),
    [`${wire}CpuUs`]: round(cpuUs(`${wire} ${name}`), 1),
  });
  return {
    ...Object.fromEntries(peers.map((name) => [`${name}Rps`, round(rps(name), 0)])),
    cpuVsUndici: round(cpuUs('fwk') / cpuUs('undici')),
    rpsVsUndici: round(rps('fwk') / rps('undici')),
    rpsVsMoleculer: round(rps('fwk') / rps('moleculer')),
    muxCpuUs: round(cpuUs('mux'), 1),
    muxRpsVsUndici: round(rps('mux') / rps('undici')),
    muxCpuVsUndici: round(cpuUs('mux') / cpuUs('undici')),
    muxRpsVsNest: round(rps('mux') / rps('nest')),
    muxServerCpuVsFastify: round(middle('mux server') / middle('fastify server')),
    muxP50Us1: round(middle('one mux', 'p50Us'), 1),
    undiciP50Us1: round(middle('one undici', 'p50Us'), 1),
    cpuUs: ofPeers((name) => round(cpuUs(name), 1)),
    p99Ms: ofPeers((name) => round(middle(name, 'p99Us') / 1000, 1)),
    p50Us1: ofPeers((name) => round(middle(`one ${name}`, 'p50Us'), 1)),
    serverCpuUs: { mux: round(middle('mux server'), 1), fastify: round(middle('fastify server'), 1) },
    bodies: Object.fromEntries(
      Object.keys(sizes).map((name) => [name, { ...text(name, 'mux'), ...text(name, 'http') }]),
    ),
    besideLarge: {
      aloneP99Ms: besideMs('alone'),
      httpP99Ms: besideMs('beside http'),
      muxP99Ms: besideMs('beside mux'),
      ratio: round(middle('beside mux', 'p99Us') / middle('beside http', 'p99Us')),
    },
    idleSession: Object.fromEntries(Object.entries(idle).map(([what, kB]) => [what, round(kB, 1)])),
    idleSessionKB: round(Math.max(idle.serverKB, idle.clientKB), 1),
  };
}

/** Lines of a name and a value. */
export function rowsOf(figures, { sessions }) {
  const { bodies, besideLarge: beside, idleSession: idle, serverCpuUs } = figures;
  const peer = (name) =>
    `${figures[`${name}Rps`]} calls/s, ${figures.cpuUs[name]} µs CPU a call, p99 ${figures.p99Ms[name]} ms, ` +
    `one at a time p50 ${figures.p50Us1[name]} µs`;
  const body = ({ muxRps, muxCpuUs, httpRps, httpCpuUs }) =>
    `Mux ${muxRps} calls/s, ${muxCpuUs} µs CPU; HTTP ${httpRps} calls/s, ${httpCpuUs} µs CPU`;
  return [
    ...peers.map((name) => [titles[name], peer(name)]),
    ['HTTP: CPU a call, fwk / undici (must be ≤ 1.15)', figures.cpuVsUndici],
    ['HTTP: calls/s, fwk / undici (must be ≥ 0.92)', figures.rpsVsUndici],
    ['HTTP: calls/s, fwk / moleculer (must be ≥ 1.5)', figures.rpsVsMoleculer],
    ['Mux: calls/s, fwk / undici (must be ≥ 2.5)', figures.muxRpsVsUndici],
    ['Mux: CPU a call, fwk / undici (must be ≤ 0.35)', figures.muxCpuVsUndici],
    ['Mux: calls/s, fwk / nest (must be ≥ 1.3)', figures.muxRpsVsNest],
    [
      'Mux: CPU of the server, fwk / fastify (must be ≤ 0.4)',
      `${figures.muxServerCpuVsFastify} (${serverCpuUs.mux} / ${serverCpuUs.fastify} µs)`,
    ],
    ['Mux: one at a time, p50 (must be ≤ undici)', `${figures.muxP50Us1} µs, undici ${figures.undiciP50Us1} µs`],
    ...Object.entries(bodies).map(([name, figure]) => [`answers of ${name}`, body(figure)]),
    [
      'p99 of 100 B over Mux, 10 MB beside: Mux / HTTP (must be ≤ 2)',
      `${beside.ratio} (${beside.muxP99Ms} / ${beside.httpP99Ms} ms; alone ${beside.aloneP99Ms} ms)`,
    ],
    [
      `${sessions} idle sessions, each (must be ≤ 20 kB)`,
      `server ${idle.serverKB} kB, client ${idle.clientKB} kB; of the system ${idle.serverRssKB} and ${idle.clientRssKB} kB`,
    ],
  ];
}
