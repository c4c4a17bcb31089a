/**
 * One of three instances freezes: its process is stopped, its connections stay open, and the system goes on to accept new ones.
 * Calls that were under way there are given up and answered elsewhere; later the process goes on, with what it had of them.
 * In the second case attempts have so much time that only the pings of sessions can notice it soon.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill, DrillOptions, Outcome } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { muxShareFor } from '../stage/mux-share.js';
import type { Observed } from '../stage/observed.js';
import { openScene, type SceneOptions } from '../stage/scene.js';
import type { Stage } from '../stage/stage.js';

const defaultSeconds = 6;
const mustNoticeMs = 2000;
const mustSettleMs = 1000;
/** Attempts that began up to this long after the freeze count as under way there. */
const earlyMs = 500;
const windowMs = 500;
/** The 99th percentile of a window is slow above so many times the usual one. */
const slowRatio = 3;
/** Load goes on for so long after the instance does. */
const afterMs = 2000;
const pace = { perSecond: 200, writeShare: 0 };

export const stall: Drill = {
  name: 'stall',
  about:
    'one of three instances is frozen for some seconds; the calls under way there are answered elsewhere within 2 s',
  async run(stage, options) {
    const usual = await frozen(stage, options, 'usual time limits');
    // Over HTTP only the time limits can notice it.
    if (options.wire === 'http') return [usual];
    return [usual, await frozen(stage, options, 'attempts of 8 s', { timeoutMs: 8000 })];
  },
};

async function frozen(stage: Stage, options: DrillOptions, name: string, more: SceneOptions = {}): Promise<Outcome> {
  const { say, wire } = options;
  const place = { kind: 'local', port: await freePort() } as const;
  const registry = await stage.start('registry', place);
  const scene = await openScene(stage, place, pace, options, more);
  const { caller, targets, startMs } = scene;
  const [victim] = targets;
  if (!victim) throw new Error('there is no instance');
  // Enough calls to say what is usual.
  await sleep(4 * windowMs);
  say(`${name}: an instance is frozen`);
  const frozenMs = victim.freeze();
  await sleep(Math.max(2 * mustNoticeMs, (options.seconds ?? defaultSeconds) * 1000));
  say('it goes on');
  const wokenMs = victim.thaw();
  await sleep(afterMs);
  const seen = await scene.end();
  await Promise.all([caller, registry, ...targets].map((program) => program.kill()));

  const usualP99Ms = seen.between(startMs, frozenMs - windowMs).quantileMs(0.99);
  return {
    name,
    figures: {
      ...seen.figures(),
      noticedMs: lastEnd(seen, victim.port, frozenMs) - frozenMs,
      usualP99Ms,
      p99BackMs: slowUntil(seen, frozenMs, wokenMs, slowRatio * usualP99Ms) - frozenMs,
      slowestMs: seen.between(frozenMs, wokenMs).quantileMs(1),
    },
    must: {
      failed: { atMost: 0 },
      noticedMs: { atMost: mustNoticeMs },
      // Without a time limit that tells sooner, calls go on to be sent there until it is noticed.
      p99BackMs: { atMost: more.timeoutMs === undefined ? mustSettleMs : mustNoticeMs },
      muxShare: muxShareFor(wire),
    },
  };
}

/** When the last attempt ended that was under way at a port at that moment, or began there soon after. */
function lastEnd({ attempts }: Observed, port: number, atMs: number): number {
  const ends = attempts
    .filter((each) => each.port === port && each.startMs < atMs + earlyMs && !(each.endMs <= atMs))
    .map(({ endMs }) => (Number.isNaN(endMs) ? Number.POSITIVE_INFINITY : endMs));
  return ends.length === 0 ? Number.NaN : Math.max(...ends);
}

/** The end of the last window of time in which the 99th percentile was above a limit; `fromMs` when there was none. */
function slowUntil(seen: Observed, fromMs: number, toMs: number, limitMs: number): number {
  let untilMs = fromMs;
  for (let beginMs = fromMs; beginMs + windowMs <= toMs; beginMs += windowMs) {
    if (seen.between(beginMs, beginMs + windowMs).quantileMs(0.99) > limitMs) untilMs = beginMs + windowMs;
  }
  return untilMs;
}
