/** Every instance of every service that a registry knows, for who wants to ask them all. Watches are opened for it and end with it. */
import { type Clock, type FoundInstance, isLoopback, settleWithin } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Registry, Watch } from '../registry.js';

/** Most services that are looked at, and how long they have to become known, in milliseconds. */
const maxServices = 500;
const limitMs = 1000;

/** Finds them. A service whose list does not come in time has none. */
export async function findInstances(
  registry: Pick<Registry, 'watch'>,
  services: readonly string[],
  clock: Clock,
): Promise<readonly FoundInstance[]> {
  const watches = services.slice(0, maxServices).map((service) => registry.watch(service));
  try {
    const all = Promise.all(watches.map(becomesKnown));
    await settleWithin(all, { clock, limitMs, inBackground: true, late: () => undefined });
    return watches.flatMap(({ instances }) => instances.value.map(foundOf));
  } finally {
    for (const watch of watches) watch[Symbol.dispose]();
  }
}

function becomesKnown({ known }: Watch): Promise<void> {
  if (known.value) return Promise.resolve();
  return new Promise((resolve) => {
    const told = known.subscribe(() => {
      told[Symbol.dispose]();
      resolve();
    });
  });
}

function foundOf(instance: Instance): FoundInstance {
  return { service: instance.service, instance: instance.id, managementUrl: managementUrlOf(instance) };
}

/** Only on the instance's own machine: otherwise whoever registers an instance could have any other address asked. */
function managementUrlOf({ address, metadata }: Instance): string | undefined {
  const given = metadata?.management;
  if (given === undefined || !URL.canParse(given)) return undefined;
  const { protocol, hostname } = new URL(given);
  const host = hostname.replace(/^\[|\]$/g, '');
  const sameHost = host === address || (isLoopback(host) && isLoopback(address));
  return (protocol === 'http:' || protocol === 'https:') && sameHost ? given : undefined;
}
