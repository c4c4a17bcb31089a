/**
 * Runs services of the shop in this process: `node run.js catalog`, or several, the called before their callers. Which of them
 * share a process is decided by this line alone.
 */
import type { App } from '@fwk/core';
import { localGroup } from '@fwk/http';
import type { Place } from './place.js';
import { providerUrl } from './settings.js';

/** Loaded when they are run, so that a process has only the programs it needs. */
const programs: Readonly<Record<string, (place: Place) => Promise<App>>> = {
  catalog: async (place) => (await import('./services/catalog.js')).catalogApp(place),
  inventory: async (place) => (await import('./services/inventory.js')).inventoryApp(place),
  payments: async (place) => (await import('./services/payments.js')).paymentsApp(place),
  pricing: async (place) => (await import('./services/pricing.js')).pricingApp(place),
  storefront: async (place) => (await import('./services/storefront.js')).storefrontApp(place),
  'first-provider': (place) => provider('first-provider', place, 'SHOP_FIRST_PROVIDER'),
  'second-provider': (place) => provider('second-provider', place, 'SHOP_SECOND_PROVIDER'),
};

async function provider(name: string, place: Place, variable: string): Promise<App> {
  return (await import('./services/provider.js')).providerApp(name, place, Number(new URL(providerUrl(variable)).port));
}

async function run(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(programs, name));
  if (unknown !== undefined || names.length === 0) {
    process.stderr.write(
      `${unknown === undefined ? 'name at least one service' : `there is no service "${unknown}"`}; the shop has ${Object.keys(programs).join(', ')}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const place = { group: localGroup(), signals: names.length === 1 };
  const apps = await Promise.all(names.map((name) => (programs[name] as (typeof programs)[string])(place)));
  if (!place.signals) stopTogether(apps);
  await Promise.all(apps.map((app) => app.start()));
}

/** Callers stop before those they call. A second signal ends the process at once. */
function stopTogether(apps: readonly App[]): void {
  const stop = async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.off(signal, stop);
    for (const app of apps.toReversed()) await app.stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
}

await run(process.argv.slice(2));
