/** A new version of inventory gets a small share of the calls, and then half of them, while the shop is open. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import { getJson } from './json-request.js';
import type { RunningService } from './service-process.js';
import { edit, happened, settingInForce, type World } from './world.js';

/** What inventory runs at first, and what replaces it. */
export const oldVersion = '1.4.0';
export const newVersion = '1.5.0';

/** Shares of the new version, before it is widened and after. */
const [small, wide] = [0.05, 0.5];
/** Pages of customers that are counted for each of them. */
const sample = 120;

/** See the head of this file. */
export async function widenACanary(world: World): Promise<void> {
  const { fleet, facts, load, tell } = world;
  const failed = load.failures.length;
  tell(
    `a canary: version ${newVersion} of inventory is to get ${small * 100} % of the calls (policies.inventory.routing.split)`,
  );
  await edit(world, / {2}inventory:\n/, `$&${splitLine(small)}`);
  await inForce(world, small);
  const canary = await startInventory(fleet, newVersion);
  await happened(world, 'the storefront knows the canary', () => isKnown(world, canary));
  const seenBefore = await shareOf(world, canary);
  tell(
    `it answers ${percent(seenBefore)} of the pages; nothing fails, so it gets ${wide * 100} %, by an edit of the file`,
  );
  const savedMs = performance.now();
  await edit(world, / {4}routing: .*\n/, splitLine(wide));
  const widened = await inForce(world, wide);
  const widenedMs = widened ? Math.round(performance.now() - savedMs) : undefined;
  const seenAfter = await shareOf(world, canary);
  facts.canary = { configuredBefore: small, seenBefore, configuredAfter: wide, seenAfter, widenedMs };
  tell(`now it answers ${percent(seenAfter)} of the pages; ${load.failures.length - failed} failed requests`);
  await edit(world, / {4}routing: .*\n/, '');
  await happened(world, 'the split is gone', async () => (await settingInForce(world, 'routing.split')) === undefined);
}

/** Starts an instance of inventory of a version, in a process of its own. */
export function startInventory(fleet: Fleet, version: string): Promise<RunningService> {
  return fleet.start('inventory', { SHOP_INVENTORY_VERSION: version });
}

function splitLine(share: number): string {
  const shares = { [oldVersion]: 100 - share * 100, [newVersion]: share * 100 };
  return `    routing: ${JSON.stringify({ split: shares })}\n`;
}

function inForce(world: World, share: number): Promise<boolean> {
  return happened(world, 'the client has the split', async () => {
    const split = Object(await settingInForce(world, 'routing.split')) as Readonly<Record<string, unknown>>;
    return split[newVersion] === share * 100;
  });
}

/** What is read of `GET /manage/endpoints`. */
interface Endpoints {
  readonly endpoints: readonly { readonly endpoint: string }[];
}

async function isKnown({ fleet }: World, { instance }: RunningService): Promise<boolean> {
  const { management } = fleet.of('storefront')[0] ?? {};
  const { endpoints } = await getJson<Endpoints>(`${management}/manage/endpoints?service=inventory`);
  return endpoints.some(({ endpoint }) => endpoint === instance);
}

/** Its share of the pages that customers get from now on. */
export async function shareOf({ load, signal }: World, { instance }: RunningService): Promise<number> {
  const own = () => load.instances.get(instance) ?? 0;
  const [pages, answered] = [load.pages, own()];
  while (load.pages - pages < sample) await wait(20, undefined, { signal });
  return Math.round(((own() - answered) / (load.pages - pages)) * 1000) / 1000;
}

/** A share in words. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
