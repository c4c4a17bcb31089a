import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { newVersion, startInventory, widenACanary } from './canary.js';
import { runAnExperiment } from './experiment.js';
import { getJson, putJson } from './json-request.js';
import type { RunningService } from './service-process.js';
import { splitOffInventory } from './split-off.js';
import { edit, type Facts, happened, save, settingInForce, type World } from './world.js';

/** A part of the story, with the share of its time at which it begins. */
interface Chapter {
  readonly at: number;
  readonly play: (world: World) => Promise<void>;
}

/** Where each service has processes of its own. */
const apart: readonly Chapter[] = [
  { at: 0.1, play: loseAnInstance },
  { at: 0.22, play: loseAProvider },
  { at: 0.47, play: editTheConfig },
  { at: 0.52, play: editAPolicy },
  { at: 0.55, play: widenACanary },
  { at: 0.68, play: runAnExperiment },
  { at: 0.77, play: replaceAVersion },
];

/** Where all share one process. */
const together: readonly Chapter[] = [
  { at: 0.1, play: loseAProvider },
  { at: 0.45, play: editTheConfig },
  { at: 0.55, play: editAPolicy },
  { at: 0.6, play: splitOffInventory },
];

/** Plays all chapters, spread over the time; one that runs late pushes the next. */
export async function playStory(world: World, seconds: number, inProcess: boolean): Promise<void> {
  const startedMs = performance.now();
  const until = (fraction: number) =>
    wait(Math.max(0, startedMs + fraction * seconds * 1000 - performance.now()), undefined, { signal: world.signal });
  for (const { at, play } of inProcess ? together : apart) {
    await until(at);
    await play(world);
  }
  await until(1);
}

async function loseAnInstance({ fleet, load, facts, signal, tell }: World): Promise<void> {
  const victim = fleet.of('inventory')[1] as RunningService;
  const failed = load.failures.length;
  tell(`SIGKILL of ${victim.instance}, one of three inventory instances, in the middle of its work`);
  await victim.process.kill();
  facts.kills++;
  await wait(1000, undefined, { signal });
  tell(`one second later: ${load.failures.length - failed} failed requests; a replacement starts`);
  const fresh = await fleet.start('inventory');
  tell(`${fresh.instance} is ready and found`);
}

async function loseAProvider(world: World): Promise<void> {
  const { load, facts, firstProviderUrl, tell } = world;
  const { breakerOpened, breakerClosed } = facts;
  const failed = load.failures.length;
  const before = load.providers.get('second-provider') ?? 0;
  tell('the first payment provider goes out of service');
  await putJson(`${firstProviderUrl}/simulation/mode`, { mode: 'out' });
  await happened(world, 'the breaker opens', () => facts.breakerOpened > breakerOpened);
  await happened(world, 'the second provider answers', () => (load.providers.get('second-provider') ?? 0) > before);
  tell('the breaker is open: payments go to the second provider, the first is left in peace');
  await wait(2000, undefined, { signal: world.signal });
  tell('the first provider is back');
  await putJson(`${firstProviderUrl}/simulation/mode`, { mode: 'fine' });
  await happened(world, 'the breaker closes', () => facts.breakerClosed > breakerClosed);
  tell(`the breaker closed after its probes succeeded; ${load.failures.length - failed} failed requests meanwhile`);
}

async function editTheConfig(world: World): Promise<void> {
  const { facts, configFile, shopUrl, tell } = world;
  const good = await readFile(configFile, 'utf8');
  const greetingNow = async () => (await getJson(`${shopUrl}/products/lamp`)).greeting;
  const greetingBefore = await greetingNow();

  tell('somebody saves a bad edit: pricing.discountPercent: 250');
  await save(configFile, good.replace(/discountPercent: .*/, 'discountPercent: 250'));
  const refused = await happened(world, 'the edit is refused', () => facts.badConfigRefused);
  const kept = (await greetingNow()) === greetingBefore;
  facts.badConfigRefused = refused && kept;
  tell('refused, with the reason in the log and in /manage/config; every service keeps its last good values');

  const greeting = `Hello again (${new Date().toISOString()})`;
  tell('and then a good one: a new greeting');
  const savedMs = performance.now();
  await save(configFile, good.replace(/greeting: .*/, `greeting: "${greeting}"`));
  if (await happened(world, 'the new greeting is shown', async () => (await greetingNow()) === greeting)) {
    facts.configChangeSeenMs = Math.round(performance.now() - savedMs);
    tell(`customers see it ${facts.configChangeSeenMs} ms after the file was saved, without a restart`);
  }
}

/** The storefront's calls of inventory get another limit of time, while they run. */
async function editAPolicy(world: World): Promise<void> {
  const { facts, tell } = world;
  tell('somebody gives calls of inventory less time: policies.inventory.timeoutMs: 700');
  const savedMs = performance.now();
  await edit(world, /timeoutMs: 900/, 'timeoutMs: 700');
  const isNew = async () => (await settingInForce(world, 'timeoutMs')) === 700;
  if (await happened(world, 'the client has the new limit', isNew)) {
    facts.clientPolicyChangedSeenMs = Math.round(performance.now() - savedMs);
    tell(`in force in the storefront's client ${facts.clientPolicyChangedSeenMs} ms after the file was saved`);
  }
}

async function replaceAVersion({ fleet, load, facts, tell }: World): Promise<void> {
  const failed = load.failures.length;
  const old = fleet.of('inventory').filter(({ version }) => version !== newVersion);
  tell(`rolling restart: every inventory instance of before is replaced by version ${newVersion}, one by one`);
  for (const leaving of old) {
    const fresh = await startInventory(fleet, newVersion);
    await leaving.process.stop();
    tell(`${fresh.instance} took over from ${leaving.instance}`);
  }
  facts.rollingRestartFailed = load.failures.length - failed;
  tell(`all of inventory runs ${newVersion}; ${facts.rollingRestartFailed} failed requests`);
}

/** Takes from the services' events what the story is waiting for. */
export function follow(facts: Facts, service: string, event: string): void {
  if (service === 'payments' && event === 'breaker.opened') facts.breakerOpened++;
  if (service === 'payments' && event === 'breaker.closed') facts.breakerClosed++;
  if (event === 'config.refused') facts.badConfigRefused = true;
}
