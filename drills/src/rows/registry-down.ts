/**
 * The registry dies and is away for a minute, while one instance dies and another starts. Callers go on with what they
 * knew; soon after the registry is back, the dead one is gone from their lists and the new one is in them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 60;
const maxSteadyMs = 3000;
const seeLimitMs = 10_000;
const pace = { perSecond: 100, writeShare: 0 };

export const registryDown: Drill = {
  name: 'registry-down',
  about: 'the registry is killed for 60 s, one instance dies and one starts meanwhile; nobody may notice',
  async run(stage, options) {
    const { say } = options;
    const awayMs = (options.seconds ?? defaultSeconds) * 1000;
    const steadyMs = Math.min(maxSteadyMs, awayMs / 4);
    const place = { kind: 'local', port: await freePort() } as const;
    const registry = await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options);
    await sleep(steadyMs);

    say(`the registry is killed and stays away for ${awayMs / 1000} s`);
    await registry.kill();
    await sleep(awayMs / 4);
    const dead = scene.targets[0];
    if (!dead) throw new Error('there is no instance');
    say('an instance is killed');
    await dead.kill();
    await sleep(awayMs / 4);
    say('an instance starts');
    const starting = stage.start('target', place);
    await sleep(awayMs / 2);
    const fresh = await starting;

    const back = await stage.start('registry', place);
    say('the registry is back');
    const [startedMs, diedMs] = await Promise.all([
      scene.caller.sees((ids) => ids.includes(fresh.instance), seeLimitMs),
      scene.caller.sees((ids) => !ids.includes(dead.instance), seeLimitMs),
    ]);
    await sleep(steadyMs);
    const seen = await scene.end();
    return [
      {
        name: `away for ${awayMs / 1000} s`,
        figures: {
          ...seen.figures(),
          startedSeenMs: Math.max(0, startedMs - back.readyMs),
          diedSeenMs: Math.max(0, diedMs - back.readyMs),
        },
        must: { failed: { atMost: 0 }, startedSeenMs: { atMost: 2000 }, diedSeenMs: { atMost: 2000 } },
      },
    ];
  },
};
