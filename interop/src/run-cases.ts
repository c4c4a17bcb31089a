import type { CaseResult, Direction, PeerRun } from './interop.js';

/** One case on a scene. @returns what was seen; throws what was wrong */
export interface Case<Scene> {
  readonly name: string;
  run(scene: Scene): Promise<string>;
}

/** Runs cases one after the other; a failure is told and does not stop the others. */
export async function runCases<Scene>(
  cases: readonly Case<Scene>[],
  scene: Scene,
  direction: Direction,
  { told, signal }: PeerRun,
): Promise<void> {
  for (const each of cases) {
    signal.throwIfAborted();
    told(await resultOf(each, scene, direction));
  }
}

async function resultOf<Scene>({ name, run }: Case<Scene>, scene: Scene, direction: Direction): Promise<CaseResult> {
  try {
    return { name, direction, ok: true, detail: await run(scene) };
  } catch (error) {
    return { name, direction, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
