import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shopConfigFile } from '../settings.js';
import { type DemoArguments, parseDemoArguments, usage } from './arguments.js';
import { Fleet } from './fleet.js';
import { Load } from './load.js';
import { type CallsByWire, Observer } from './observer.js';
import { freePort, portFault } from './ports.js';
import { openScreen, type Screen } from './screen.js';
import { follow, playStory } from './story.js';
import type { Facts, VariantFacts } from './world.js';

const defaultSeconds = 40;
/** Everything that runs, the called before their callers. */
const services = [
  ...['first-provider', 'second-provider', 'catalog', 'pricing'],
  ...['inventory', 'inventory', 'inventory', 'payments', 'storefront'],
];
/** Callers before the called, so that nobody loses a service it still uses. */
const stopOrder = [
  ['storefront'],
  ['payments'],
  ['pricing', 'inventory', 'catalog'],
  ['first-provider', 'second-provider'],
];

async function main(): Promise<number> {
  let args: DemoArguments | 'help';
  try {
    args = parseDemoArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (args === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const fault = await portFault(args.port);
  if (fault) {
    process.stderr.write(`${fault}\n`);
    return 2;
  }
  const folder = await mkdtemp(join(tmpdir(), 'fwk-shop-'));
  try {
    return await run(args, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(args: DemoArguments, folder: string): Promise<number> {
  const screen = openScreen(args.json ? process.stderr : process.stdout);
  const configFile = join(folder, 'shop.yaml');
  await copyFile(shopConfigFile(), configFile);
  const facts: Facts = {
    kills: 0,
    breakerOpened: 0,
    breakerClosed: 0,
    badConfigRefused: false,
    configChangeSeenMs: undefined,
    clientPolicyChangedSeenMs: undefined,
    canary: undefined,
    experiment: undefined,
    rollingRestartFailed: undefined,
    splitOff: undefined,
  };
  const [registry, firstProvider, secondProvider] = await Promise.all([freePort(), freePort(), freePort()]);
  const firstProviderUrl = `http://127.0.0.1:${firstProvider}`;
  const env = {
    SHOP_CONFIG: configFile,
    FWK_REGISTRY_PORT: String(registry),
    SHOP_PORT: String(args.port),
    SHOP_FIRST_PROVIDER: firstProviderUrl,
    SHOP_SECOND_PROVIDER: `http://127.0.0.1:${secondProvider}`,
  };
  const fleet = new Fleet(env, (service, event) => follow(facts, service, event));
  const stopping = listenForCtrlC(screen, fleet);
  try {
    const shopUrl = await startShop(fleet, args.inProcess, screen);
    const load = new Load(shopUrl);
    const observer = new Observer(fleet);
    const looking = setInterval(async () => {
      screen.show(await observer.look(), load.requests, load.failures.length);
    }, 1000);
    screen.tell('trying pages and checkouts before the customers come; these are not counted');
    await load.rehearse();
    load.start();
    try {
      const world = { fleet, load, facts, configFile, shopUrl, firstProviderUrl };
      await playStory(
        { ...world, signal: stopping, tell: (text) => screen.tell(text) },
        args.seconds ?? defaultSeconds,
        args.inProcess,
      );
      if (args.seconds === undefined) await openUntilStopped(stopping, screen);
    } catch (error) {
      if (!stopping.aborted) throw error;
    } finally {
      clearInterval(looking);
    }
    await load.stop();
    const callsByWire = await observer.callsByWire();
    screen.tell('stopping: callers before the called, each finishing what it has begun');
    const exitClean = await fleet.stop(stopOrder);
    return report(args, screen, { load, facts, callsByWire, exitClean });
  } finally {
    await fleet.kill();
  }
}

/** Starts everything. @returns where the storefront is reached */
async function startShop(fleet: Fleet, inProcess: boolean, screen: Screen): Promise<string> {
  screen.tell(
    inProcess
      ? 'starting the shop: all services share one process and call each other without a connection'
      : 'starting the shop: every service is a process of its own, found through the embedded registry',
  );
  if (inProcess) await fleet.startTogether(services);
  else await Promise.all(services.map((service) => fleet.start(service)));
  const { url, management } = fleet.of('storefront')[0] ?? { url: '', management: '' };
  screen.tell(`open. Try: curl ${url}/products/lamp`);
  screen.tell(
    `           curl -d '{"sku":"lamp","quantity":1}' -H 'content-type: application/json' -H 'idempotency-key: "1"' ${url}/checkout`,
  );
  screen.tell(
    `           curl ${management}/manage/health    (also /manage/endpoints, /manage/policies, /manage/metrics)`,
  );
  return url;
}

/** The first Ctrl-C ends the story; a second one kills everything at once. */
function listenForCtrlC(screen: Screen, fleet: Fleet): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) return controller.abort();
    screen.tell('killed');
    fleet.kill().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

function openUntilStopped(signal: AbortSignal, screen: Screen): Promise<void> {
  screen.tell('the story is told; the shop stays open until Ctrl-C');
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What is known when everything has stopped. */
interface End {
  readonly load: Load;
  readonly facts: Facts;
  readonly callsByWire: CallsByWire;
  readonly exitClean: boolean;
}

function report(args: DemoArguments, screen: Screen, { load, facts, callsByWire, exitClean }: End): number {
  const { canary, experiment } = facts;
  const byVariant = (fact: Exclude<keyof VariantFacts, 'variant'>) =>
    experiment && Object.fromEntries(experiment.variants.map((each) => [each.variant, each[fact] ?? null]));
  for (const { what } of load.failures.slice(0, 10)) screen.tell(`failed: ${what}`);
  const figures = {
    requests: load.requests,
    failed: load.failures.length,
    p50Ms: round(load.latencies.quantile(0.5)),
    p99Ms: round(load.latencies.quantile(0.99)),
    kills: facts.kills,
    breakerOpened: facts.breakerOpened,
    breakerClosed: facts.breakerClosed,
    fallbackUsed: load.providers.get('second-provider') ?? 0,
    badConfigRefused: facts.badConfigRefused,
    configChangeSeenMs: facts.configChangeSeenMs ?? null,
    clientPolicyChangedSeenMs: facts.clientPolicyChangedSeenMs ?? null,
    canaryConfiguredBefore: canary?.configuredBefore ?? null,
    canarySeenBefore: canary?.seenBefore ?? null,
    canaryConfiguredAfter: canary?.configuredAfter ?? null,
    canarySeenAfter: canary?.seenAfter ?? null,
    canaryWidenedMs: canary?.widenedMs ?? null,
    experimentStartedMs: experiment?.startedMs ?? null,
    experimentVariants: experiment?.variants.map(({ variant }) => variant) ?? null,
    experimentConfiguredShare: experiment?.configuredShare ?? null,
    experimentSeenShare: experiment?.seenShare ?? null,
    callsByVariant: byVariant('calls') ?? null,
    errorsByVariant: byVariant('errors') ?? null,
    p95MsByVariant: byVariant('p95Ms') ?? null,
    orderCentsByVariant: byVariant('orderCents') ?? null,
    unsteadyCustomers: experiment?.unsteadyCustomers ?? null,
    rollingRestartFailed: facts.rollingRestartFailed ?? null,
    splitOffSeenMs: facts.splitOff?.seenMs ?? null,
    splitOffShare: facts.splitOff?.share ?? null,
    instancesSeen: load.instances.size,
    callsByWire,
    exitClean,
  };
  if (args.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) screen.tell(`${name.padEnd(27)}${inWords(value)}`);
  return figures.failed === 0 && exitClean ? 0 : 1;
}

function inWords(figure: unknown): string {
  return typeof figure === 'object' ? JSON.stringify(figure) : String(figure);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

process.exitCode = await main();
