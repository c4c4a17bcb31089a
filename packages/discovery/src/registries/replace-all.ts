import type { Instance } from '../instance.js';
import type { Catalog } from './catalog.js';

/**
 * Makes a catalog hold exactly these instances; those that are as they were stay the same objects.
 * @returns the names of the services whose lists have changed.
 */
export function replaceAll(catalog: Catalog, instances: readonly Instance[], holder: string): ReadonlySet<string> {
  const left = new Map([...catalog.entries()].map(({ instance }) => [instance.id, instance]));
  const changed = new Set<string>();
  for (const instance of instances) {
    const before = left.get(instance.id);
    left.delete(instance.id);
    if (JSON.stringify(before) === JSON.stringify(instance)) continue;
    for (const service of catalog.put({ instance, holder })) changed.add(service);
  }
  for (const { id, service } of left.values()) {
    catalog.remove(id);
    changed.add(service);
  }
  return changed;
}
