/** What most drills begin and end with: some instances, a caller that knows them, steady load, and what it saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillOptions } from '../drill.js';
import {
  type CallerOptions,
  callerVariable,
  type MuxMode,
  muxVariable,
  type Pace,
  type RegistryPlace,
  type SettingsPlace,
  settingsVariable,
} from './messages.js';
import { nowMs } from './now.js';
import { Observed } from './observed.js';
import type { Program } from './program.js';
import type { Stage } from './stage.js';

const knowLimitMs = 15_000;
const warmUpMs = 2000;

/** A running scene. */
export interface Scene {
  readonly caller: Program;
  /** The instances it began with. */
  readonly targets: readonly Program[];
  /** Calls before this moment are warm-up and count for nothing. */
  readonly startMs: number;
  /** Ends the load. @returns what the caller saw since the start. */
  end(): Promise<Observed>;
}

/** In what a scene differs from the usual one. */
export interface SceneOptions extends CallerOptions {
  /** What the instances do with Mux. @defaultValue 'served' */
  readonly mux?: MuxMode;
  /** Where the instances find settings. @defaultValue nowhere */
  readonly settings?: SettingsPlace;
}

/** Starts three instances and a caller at a registry, and lets it call for a while. */
export async function openScene(
  stage: Stage,
  place: RegistryPlace,
  pace: Pace,
  { say, wire: chosen }: DrillOptions,
  { mux = 'served', wire = chosen, settings, ...more }: SceneOptions = {},
): Promise<Scene> {
  const [caller, ...targets] = await Promise.all([
    stage.start('caller', place, { [callerVariable]: JSON.stringify({ wire, ...more }) }),
    ...[1, 2, 3].map(() =>
      stage.start('target', place, {
        [muxVariable]: mux,
        ...(settings && { [settingsVariable]: JSON.stringify(settings) }),
      }),
    ),
  ]);
  if ((await caller.sees((ids) => ids.length === targets.length, knowLimitMs)) === Number.POSITIVE_INFINITY) {
    throw new Error(`the caller did not find ${targets.length} instances within ${knowLimitMs} ms`);
  }
  say(`${targets.length} instances, ${pace.perSecond} calls a second`);
  caller.ask({ start: pace });
  await sleep(warmUpMs);
  const startMs = nowMs();
  return {
    caller,
    targets,
    startMs,
    async end() {
      const seen = new Observed(await caller.report()).between(startMs, Number.POSITIVE_INFINITY);
      for (const [error, count] of seen.errors()) say(`${count} calls failed: ${error}`);
      return seen;
    },
  };
}
