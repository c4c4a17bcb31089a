/** An experiment while the shop is open: a feature flag says which version of inventory a customer gets, and its effect is compared. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { newVersion, oldVersion, percent } from './canary.js';
import { getJson } from './json-request.js';
import { edit, happened, type VariantFacts, type World } from './world.js';

/** Share of the customers who get the new version. */
const share = 0.5;
/** Pages of customers that are waited for. */
const sample = 150;
const [usual, newest] = ['usual', 'newest'] as const;

/** The flag, as it stands in the file. Its variants are options of the client of inventory. */
const flags = {
  'inventory-version': {
    description: 'Do customers notice the new version of inventory?',
    owner: 'team-warehouse',
    policy: 'inventory',
    variants: {
      [usual]: { routing: { split: { [oldVersion]: 1 } } },
      [newest]: { routing: { split: { [newVersion]: 1 } } },
    },
    default: usual,
    rules: [{ rollout: { [newest]: share * 100 } }],
    experiment: { metrics: ['order-cents'] },
  },
};

/** See the head of this file. */
export async function runAnExperiment(world: World): Promise<void> {
  const { facts, load, tell, signal } = world;
  tell(
    `an experiment, by one edit: a flag gives ${percent(share)} of the customers version ${newVersion} of inventory`,
  );
  const savedMs = performance.now();
  await edit(world, /^flags: .*$/m, `flags: ${JSON.stringify(flags)}`);
  const follows = await happened(world, 'the client follows the flag', () => isFollowed(world));
  const startedMs = follows ? Math.round(performance.now() - savedMs) : undefined;
  const byCustomer = new Map<string, Set<string>>();
  load.byCustomer = byCustomer;
  const { pages } = load;
  while (load.pages - pages < sample) await wait(20, undefined, { signal });
  load.byCustomer = undefined;
  const variants = await measured(world);
  const calls = variants.reduce((sum, variant) => sum + variant.calls, 0);
  const tried = variants.find(({ variant }) => variant === newest)?.calls ?? 0;
  const unsteadyCustomers = [...byCustomer.values()].filter((instances) => isMixed(world, instances)).length;
  facts.experiment = {
    startedMs,
    configuredShare: share,
    seenShare: Math.round((tried / Math.max(1, calls)) * 1000) / 1000,
    variants,
    unsteadyCustomers,
  };
  tell(`/manage/experiments of the storefront compares them after ${startedMs} ms and ${calls} calls:`);
  for (const each of variants) {
    tell(
      `  ${each.variant}: ${each.calls} calls, ${each.errors} errors, 95 % within ${each.p95Ms} ms, ${each.orderCents} cents an order`,
    );
  }
  tell(
    `${byCustomer.size} customers, of whom ${unsteadyCustomers} have seen both versions; the flag is taken out again`,
  );
  await edit(world, /^flags: .*$/m, 'flags: {}');
  await happened(world, 'the flag is gone', async () => !(await isFollowed(world)));
}

/** What is read of `GET /manage/policies/:name`. */
interface Uses {
  readonly uses: readonly { readonly variant?: object }[];
}

async function isFollowed(world: World): Promise<boolean> {
  const { uses } = await getJson<Uses>(`${management(world)}/manage/policies/inventory`);
  return uses.some(({ variant }) => variant !== undefined);
}

/** What is read of `GET /manage/experiments`. */
interface Experiments {
  readonly experiments: readonly {
    readonly variants: readonly {
      readonly variant: string;
      readonly calls: number;
      readonly errors: number;
      readonly latencyMs?: { readonly p95: number };
      readonly metrics: Readonly<Record<string, { readonly mean: number }>>;
    }[];
  }[];
}

async function measured(world: World): Promise<readonly VariantFacts[]> {
  const { experiments } = await getJson<Experiments>(`${management(world)}/manage/experiments`);
  return (experiments[0]?.variants ?? []).map(({ variant, calls, errors, latencyMs, metrics }) => ({
    variant,
    calls,
    errors,
    p95Ms: latencyMs && Math.round(latencyMs.p95 * 10) / 10,
    orderCents: Math.round(metrics['order-cents']?.mean ?? 0),
  }));
}

function management({ fleet }: World): string {
  return fleet.of('storefront')[0]?.management ?? '';
}

/** Whether some of the instances are of the new version and some are not. */
function isMixed({ fleet }: World, instances: ReadonlySet<string>): boolean {
  const fresh = fleet.of('inventory').filter(({ version }) => version === newVersion);
  const isNew = [...instances].map((each) => fresh.some(({ instance }) => instance === each));
  return isNew.includes(true) && isNew.includes(false);
}
