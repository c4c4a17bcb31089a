import type { Announcement, AppInfo } from '@fwk/kernel';
import { type Instance, itself, parseInstance } from '../instance.js';
import type { AppPlace } from './app-place.js';

/**
 * The instances that an application registers: one for each address it serves at, with everything served there. The first
 * bears the application's instance id, further ones add their port to it.
 * @throws InstanceInvalidError
 */
export function instancesOf(
  app: AppInfo,
  announcements: readonly Announcement[],
  { zone, weight, tags, metadata }: AppPlace,
  startedAtMs: number,
): readonly Instance[] {
  const byPlace = new Map<string, Announcement>();
  for (const announcement of announcements) {
    const { address, port, contracts } = announcement;
    const place = `${address} ${port}`;
    const all = [...(byPlace.get(place)?.contracts ?? []), ...contracts];
    byPlace.set(place, { ...announcement, contracts: [...new Set(all)] });
  }
  return [...byPlace.values()].map(({ address, port, contracts, scheme, wires, management, metadata: own }, index) =>
    parseInstance({
      id: index === 0 ? app.instanceId : `${app.instanceId}:${port}`,
      service: app.name,
      version: app.version,
      address,
      port,
      zone,
      weight,
      tags,
      metadata: withFacts(metadata, { ...own, scheme, wires: wires?.join(','), management }),
      owner: app.owner,
      contracts,
      startedAtMs,
      status: 'UP',
      lastChange: { cause: 'its application is ready', actor: itself, atMs: startedAtMs },
    }),
  );
}

/** Metadata in which what an announcement says overrides what the application says; undefined where neither says anything. */
function withFacts(
  metadata: AppPlace['metadata'],
  facts: Readonly<Record<string, string | undefined>>,
): AppPlace['metadata'] {
  const said = Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined);
  return said.length === 0 ? metadata : { ...metadata, ...Object.fromEntries(said) };
}
