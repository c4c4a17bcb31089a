/**
 * Every instance is replaced by one of a new version, one after the other: the new one starts and is found, then the old
 * one is asked to stop. No call fails, whether it may be tried again or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { nowMs } from '../stage/now.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 10;
const betweenMs = 1000;
const seeLimitMs = 10_000;
const pace = { perSecond: 100, writeShare: 0.3 };

export const rolling: Drill = {
  name: 'rolling',
  about: 'every instance is replaced by one of a new version, one by one; no call fails',
  async run(stage, options) {
    const { say } = options;
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options);
    await sleep((options.seconds ?? defaultSeconds) * 1000);
    const beganMs = nowMs();
    let clean = 0;
    for (const [index, old] of scene.targets.entries()) {
      say(`instance ${index + 1} of ${scene.targets.length} is replaced`);
      const fresh = await stage.start('target', place, { DRILL_VERSION: '2.0.0' });
      await scene.caller.sees((ids) => ids.includes(fresh.instance), seeLimitMs);
      const { code } = await old.stop();
      if (code === 0) clean++;
      await sleep(betweenMs);
    }
    const endedMs = nowMs();
    const seen = await scene.end();
    const usualP99Ms = seen.between(scene.startMs, beganMs).quantileMs(0.99);
    const during = seen.between(beganMs, endedMs);
    const figures = during.figures();
    return [
      {
        name: `${scene.targets.length} replaced`,
        figures: { ...figures, usualP99Ms, p99Ratio: figures.p99Ms / usualP99Ms, stoppedCleanly: clean },
        must: { failed: { atMost: 0 }, p99Ratio: { atMost: 1.5 }, stoppedCleanly: { atLeast: scene.targets.length } },
      },
    ];
  },
};
