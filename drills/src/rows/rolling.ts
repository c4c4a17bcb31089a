/**
 * Every instance is replaced by one of a new version, one after the other: the new one starts and is found, then the old
 * one is asked to stop. No call fails, whether it may be tried again or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { muxShareFor } from '../stage/mux-share.js';
import { replaceAll } from '../stage/replace-all.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 10;
const pace = { perSecond: 100, writeShare: 0.3 };

export const rolling: Drill = {
  name: 'rolling',
  about: 'every instance is replaced by one of a new version, one by one; no call fails',
  async run(stage, options) {
    const { say, wire } = options;
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options);
    await sleep((options.seconds ?? defaultSeconds) * 1000);
    const { targets, caller } = scene;
    const { stoppedCleanly, beganMs, endedMs } = await replaceAll(stage, place, caller, targets, { say });
    const seen = await scene.end();
    const usualP99Ms = seen.between(scene.startMs, beganMs).quantileMs(0.99);
    const figures = seen.between(beganMs, endedMs).figures();
    return [
      {
        name: `${targets.length} replaced`,
        figures: { ...figures, usualP99Ms, p99Ratio: figures.p99Ms / usualP99Ms, stoppedCleanly },
        must: {
          failed: { atMost: 0 },
          p99Ratio: { atMost: 1.5 },
          stoppedCleanly: { atLeast: targets.length },
          muxShare: muxShareFor(wire),
        },
      },
    ];
  },
};
