/** A service leaves the process that it shared, by configuration: no program changes. */
import { performance } from 'node:perf_hooks';
import { newVersion, percent, shareOf, startInventory } from './canary.js';
import { edit, happened, type World } from './world.js';

/** Calls of inventory go over the network, to the version that has a process of its own. */
const policy = `    wire: mux\n    routing: ${JSON.stringify({ split: { [newVersion]: 1 } })}\n`;

/** See the head of this file. */
export async function splitOffInventory(world: World): Promise<void> {
  const { fleet, load, facts, tell } = world;
  const failed = load.failures.length;
  tell(`inventory gets a process of its own, version ${newVersion}; its callers still use the ones in their process`);
  const moved = await startInventory(fleet, newVersion);
  tell('an edit of the file moves the calls there: policies.inventory.wire: mux');
  const savedMs = performance.now();
  await edit(world, / {2}inventory:\n/, `$&${policy}`);
  const isThere = () => load.instances.has(moved.instance);
  if (!(await happened(world, 'a page comes from the process of its own', isThere))) return;
  const seenMs = Math.round(performance.now() - savedMs);
  const share = await shareOf(world, moved);
  facts.splitOff = { seenMs, share };
  const failures = load.failures.length - failed;
  tell(`after ${seenMs} ms it answers ${percent(share)} of the pages; ${failures} failed requests`);
}
