/**
 * One of three instances is killed, and replaced, again and again. Calls that may be tried again never fail; of those that
 * may not, at most those fail that were under way there; and a moment later nothing is sent there any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Drill } from '../drill.js';
import { freePort } from '../stage/free-port.js';
import { muxShareFor } from '../stage/mux-share.js';
import { openScene } from '../stage/scene.js';

const defaultSeconds = 20;
const betweenMs = 4000;
const turnAwayMs = 100;
const pace = { perSecond: 200, writeShare: 0.3 };

interface Death {
  readonly port: number;
  readonly atMs: number;
}

export const kill: Drill = {
  name: 'kill',
  about: 'one of three instances is killed and replaced, again and again; idempotent calls never fail',
  async run(stage, options) {
    const place = { kind: 'local', port: await freePort() } as const;
    await stage.start('registry', place);
    const scene = await openScene(stage, place, pace, options);
    const living = [...scene.targets];
    const deaths: Death[] = [];
    const rounds = Math.max(1, Math.round(((options.seconds ?? defaultSeconds) * 1000) / betweenMs));
    for (let round = 1; round <= rounds; round++) {
      const victim = living.shift();
      if (!victim) throw new Error('nobody is left to kill');
      options.say(`kill ${round} of ${rounds}`);
      deaths.push({ port: victim.port, atMs: await victim.kill() });
      const [fresh] = await Promise.all([stage.start('target', place), sleep(betweenMs)]);
      living.push(fresh);
    }
    const seen = await scene.end();
    const underWay = seen.attempts.filter(({ port, startMs, endMs }) =>
      deaths.some((death) => death.port === port && startMs <= death.atMs && !(endMs < death.atMs)),
    );
    const late = seen.attempts.filter(({ port, startMs }) =>
      deaths.some((death) => death.port === port && startMs > death.atMs + turnAwayMs),
    );
    return [
      {
        name: `${rounds} kills`,
        figures: {
          ...seen.figures(),
          idempotentFailed: seen.failed('read'),
          writesFailed: seen.failed('write'),
          underWay: underWay.length,
          latePicks: late.length,
        },
        must: {
          idempotentFailed: { atMost: 0 },
          writesFailed: { atMost: underWay.length },
          latePicks: { atMost: 0 },
          muxShare: muxShareFor(options.wire),
        },
      },
    ];
  },
};
