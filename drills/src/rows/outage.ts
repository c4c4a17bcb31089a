/**
 * A service fails wholly for a while, as when its database is gone: every instance answers every call with an error, and then
 * works again. Callers are answered by their fallback meanwhile, the failing service is hardly sent more than it is asked for,
 * and soon after its return everything is as before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { muxShareFor } from '../stage/mux-share.js';
import { nowMs } from '../stage/now.js';
import type { Observed } from '../stage/observed.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 20;
const pace = { perSecond: 200, writeShare: 0.3 };
/** Load goes on for so long after the return, so that what is back can be told from what is not. */
const afterMs = 8000;
const mustBeBackMs = 5000;
/** Calls that were under way when it began or ended may have either answer. */
const edgeMs = 200;

export const outage: Drill = {
  name: 'outage',
  about: 'every instance fails every call for 20 s, then works again; callers answer from their fallback',
  async run(stage, options) {
    const { say, wire, seconds = defaultSeconds } = options;
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options, { fallback: true });
    const { targets } = scene;
    say('every instance fails every call');
    const brokenMs = nowMs();
    for (const target of targets) target.ask({ fail: true });
    await sleep(seconds * 1000);
    say('they work again');
    const mendedMs = nowMs();
    for (const target of targets) target.ask({ fail: false });
    await sleep(afterMs);
    const seen = await scene.end();
    const during = seen.between(brokenMs, mendedMs);
    return [
      {
        name: `gone for ${seconds} s`,
        figures: {
          ...during.figures(),
          failed: seen.failed(),
          fallbackShare: fallbackShare(seen.between(brokenMs + edgeMs, mendedMs - edgeMs)),
          backMs: backAtMs(seen, mendedMs) - mendedMs,
        },
        must: {
          failed: { atMost: 0 },
          amplification: { atMost: 1.1 },
          fallbackShare: { atLeast: 1 },
          backMs: { atMost: mustBeBackMs },
          muxShare: muxShareFor(wire),
        },
      },
    ];
  },
};

/** Share of calls that the fallback answered, 0 to 1. */
function fallbackShare({ calls }: Observed): number {
  return calls.filter(({ fallback }) => fallback).length / calls.length;
}

/** From when on the service itself answers each call; Infinity where its last calls were still answered by the fallback. */
function backAtMs({ calls }: Observed, mendedMs: number): number {
  const later = calls.filter(({ dueMs }) => dueMs >= mendedMs).sort((one, other) => one.dueMs - other.dueMs);
  const last = later.findLastIndex(({ fallback }) => fallback);
  return last < 0 ? mendedMs : (later[last + 1]?.dueMs ?? Number.POSITIVE_INFINITY);
}
