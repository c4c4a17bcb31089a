import { OptionsError } from '@fwk/kernel';
import { parsePath } from '../contract/path-template.js';
import type { Served } from '../serving/served.js';
import type { ProtectOptions } from './protect-options.js';

/**
 * Contracts with their operations under the paths at which they are mounted.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a path that is too long
 */
export function mountedOf(mount: ProtectOptions['mount']): Served[] {
  return Object.entries(mount).flatMap(([prefix, what]) => [what].flat().map((each) => under(prefix, each)));
}

/** Where contracts are mounted, by `name@version`. One that is at several places is told at the first. */
export function mountPaths(mount: ProtectOptions['mount']): ReadonlyMap<string, string> {
  const entries = Object.entries(mount).flatMap(([prefix, what]) =>
    [what].flat().map(({ contract: { name, version } }) => [`${name}@${version}`, prefix] as const),
  );
  return new Map(entries.reverse());
}

function under(prefix: string, { contract, ...served }: Served): Served {
  const plans = contract.plans.map((plan) => {
    const template = parsePath(joined(prefix, plan.template.path));
    if (typeof template === 'string')
      throw new OptionsError('protect', [`mount "${prefix}": the path of ${plan.id} ${template}`]);
    return { ...plan, template };
  });
  return { ...served, contract: { ...contract, plans } };
}

function joined(prefix: string, path: string): string {
  if (prefix === '/') return path;
  return path === '/' ? prefix : `${prefix}${path}`;
}
