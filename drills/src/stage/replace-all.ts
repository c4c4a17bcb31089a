import { setTimeout as sleep } from 'node:timers/promises';
import { type MuxMode, muxVariable, type RegistryPlace } from './messages.js';
import { nowMs } from './now.js';
import type { Program } from './program.js';
import type { Stage } from './stage.js';

const usualPauseMs = 1000;
const seeLimitMs = 10_000;

/** The result of a rolling update. */
export interface Replacement {
  readonly fresh: readonly Program[];
  /** How many of the old ones ended by themselves. */
  readonly stoppedCleanly: number;
  readonly beganMs: number;
  readonly endedMs: number;
}

/**
 * Replaces instances by those of a new version, one after the other: the new one starts and is found by the caller, then the old
 * one is asked to stop.
 */
export async function replaceAll(
  stage: Stage,
  place: RegistryPlace,
  caller: Program,
  olds: readonly Program[],
  {
    say,
    version = '2.0.0',
    mux = 'served',
    betweenMs = usualPauseMs,
  }: { say: (text: string) => void; version?: string; mux?: MuxMode; betweenMs?: number },
): Promise<Replacement> {
  const beganMs = nowMs();
  const fresh: Program[] = [];
  let stoppedCleanly = 0;
  for (const [index, old] of olds.entries()) {
    say(`instance ${index + 1} of ${olds.length} is replaced`);
    const one = await stage.start('target', place, { DRILL_VERSION: version, [muxVariable]: mux });
    fresh.push(one);
    await caller.sees((ids) => ids.includes(one.instance), seeLimitMs);
    const { code } = await old.stop();
    if (code === 0) stoppedCleanly++;
    await sleep(betweenMs);
  }
  return { fresh, stoppedCleanly, beganMs, endedMs: nowMs() };
}
