/**
 * Rolling updates from HTTP alone to Mux and back, under load: every instance that serves HTTP alone is replaced by one that serves
 * both, and each of these by one with HTTP alone. Then an instance starts that announces Mux and never opens a session. No call
 * fails, and calls go over Mux where it is served.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill, Outcome } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { type MuxMode, muxVariable } from '../stage/messages.js';
import { nowMs } from '../stage/now.js';
import type { Observed } from '../stage/observed.js';
import type { Program } from '../stage/program.js';
import { type Replacement, replaceAll } from '../stage/replace-all.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 3;
const seeLimitMs = 10_000;
const pace = { perSecond: 100, writeShare: 0.3 };

export const wires: Drill = {
  name: 'wires',
  about:
    'a rolling update from HTTP alone to Mux and back, then an instance that announces Mux and never answers it; no call fails',
  async run(stage, options) {
    const { say } = options;
    const steadyMs = (options.seconds ?? defaultSeconds) * 1000;
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options, { mux: 'off', wire: 'auto' });
    const { caller } = scene;
    await sleep(steadyMs);
    const replace = async (olds: readonly Program[], version: string, mux: MuxMode) => {
      const done = await replaceAll(stage, place, caller, olds, { say, version, mux });
      await sleep(steadyMs);
      return { ...done, untilMs: nowMs() };
    };
    say('instances that serve HTTP alone are replaced by instances that also serve Mux');
    const up = await replace(scene.targets, '2.0.0', 'served');
    say('these are replaced by instances that serve HTTP alone');
    const down = await replace(up.fresh, '3.0.0', 'off');
    say('an instance starts that announces Mux and never answers it');
    const mute = await stage.start('target', place, { [muxVariable]: 'mute' satisfies MuxMode });
    await caller.sees((ids) => ids.includes(mute.instance), seeLimitMs);
    await sleep(steadyMs);
    const seen = await scene.end();
    return [
      updated('from HTTP to Mux', seen, up, { atLeast: 0.95 }),
      updated('back to HTTP', seen, down, { atMost: 0.05 }),
      notSpoken(seen.between(mute.readyMs, Number.POSITIVE_INFINITY), mute.port),
    ];
  },
};

function updated(
  name: string,
  seen: Observed,
  { beganMs, endedMs, untilMs, stoppedCleanly, fresh }: Replacement & { readonly untilMs: number },
  muxShareAfter: { readonly atLeast?: number; readonly atMost?: number },
): Outcome {
  return {
    name,
    figures: {
      ...seen.between(beganMs, untilMs).figures(),
      muxShareAfter: seen.between(endedMs, untilMs).muxShare,
      stoppedCleanly,
    },
    must: { failed: { atMost: 0 }, muxShareAfter, stoppedCleanly: { atLeast: fresh.length } },
  };
}

/** The instance must have answered calls all the same, over HTTP. */
function notSpoken(seen: Observed, port: number): Outcome {
  const there = seen.attempts.filter((attempt) => attempt.port === port).length;
  return {
    name: 'Mux announced, not answered',
    figures: { ...seen.figures(), askedThere: there },
    must: { failed: { atMost: 0 }, askedThere: { atLeast: Math.max(1, Math.floor(seen.calls.length / 20)) } },
  };
}
