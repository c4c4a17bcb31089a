/**
 * A hundred stops under load: again and again an instance is replaced by a fresh one, and asked to stop while calls are on their
 * way to it. Not one call may be lost, whether it may be tried again or not, and each instance must end by itself.
 */
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { nowMs } from '../stage/now.js';
import { replaceAll } from '../stage/replace-all.js';
import { openScene } from '../stage/scene.js';

const wantedStops = 100;
const pace = { perSecond: 100, writeShare: 0.5 };

export const drain: Drill = {
  name: 'drain',
  about: 'instances are replaced under load a hundred times; no call is lost',
  async run(stage, options) {
    const { say, seconds } = options;
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options);
    const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : nowMs() + seconds * 1000;
    let running = scene.targets;
    let stops = 0;
    let stoppedCleanly = 0;
    const beganMs = nowMs();
    while (stops < wantedStops && (stops === 0 || nowMs() < endMs)) {
      const [oldest, ...others] = running;
      if (!oldest) break;
      const replaced = await replaceAll(stage, place, scene.caller, [oldest], { say: () => {}, betweenMs: 0 });
      running = [...others, ...replaced.fresh];
      stops++;
      stoppedCleanly += replaced.stoppedCleanly;
      if (stops % 10 === 0) say(`${stops} instances replaced`);
    }
    const seen = await scene.end();
    const { requests, failed, retried, p99Ms } = seen.between(beganMs, nowMs()).figures();
    return [
      {
        name: `${stops} stops`,
        figures: { requests, failed, retried, p99Ms, stops, stoppedCleanly },
        must: {
          failed: { atMost: 0 },
          stoppedCleanly: { atLeast: stops },
          stops: { atLeast: seconds === undefined ? wantedStops : 1 },
        },
      },
    ];
  },
};
