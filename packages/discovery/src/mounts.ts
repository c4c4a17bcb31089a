/**
 * Where the contracts of an instance are served below a path: beside the routes of an older program, or behind a gateway. An instance
 * says it in its metadata, `mounts: orders@1.0.0 /api, stock@2.1.0 /stock`, going on in `mounts-2`, `mounts-3` where that is long. `*` stands
 * for all contracts that are not named. What comes from outside is bounded by what an instance may hold, and what is no path is passed over.
 */
import { compareVersions, parseVersion } from '@fwk/kernel';
import type { Instance } from './instance.js';

/** A contract by its name and version. */
export interface MountedContract {
  readonly name: string;
  readonly version: string;
}

/** Where the contracts of one instance are. */
export interface Mounts {
  /** The path below which a contract is served, such as `/api`; empty at the root. */
  pathOf(contract: MountedContract): string;
}

/** The key of its metadata, and the characters after which its value goes on under the next one. */
const key = 'mounts';
const valueLength = 500;

/** Whether a text is a path that contracts can be below: `/api`, `/v2/orders`. */
export function isMountPath(path: string): boolean {
  const [before, ...segments] = path.split('/');
  return before === '' && segments.length > 0 && segments.every(isSegment);
}

/**
 * The metadata that says where contracts are.
 * @param paths - by `name@version`, or `*` for all; `/` is the root.
 */
export function mountsMetadata(paths: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const values: string[] = [];
  for (const [contract, path] of paths) {
    const said = `${contract} ${path}`;
    const last = values.at(-1);
    if (last !== undefined && last.length + said.length + 2 <= valueLength) values[values.length - 1] += `, ${said}`;
    else values.push(said);
  }
  return Object.fromEntries(values.map((value, index) => [keyAt(index), value]));
}

/** What an instance says of where its contracts are; empty where it says nothing. */
export function mountsSaid(metadata: Instance['metadata']): string {
  const values: string[] = [];
  for (let value = metadata?.[key]; value !== undefined; value = metadata?.[keyAt(values.length)]) values.push(value);
  return values.join(', ');
}

/** Reads what {@link mountsSaid} answers; undefined where all contracts are at the root. */
export function readMounts(said: string): Mounts | undefined {
  if (said === '') return undefined;
  const known = said.split(',').flatMap((entry) => {
    const [contract = '', path = '', ...more] = entry.trim().split(' ');
    const [name = '', version = ''] = contract.split('@');
    const isPath = path === '/' || isMountPath(path);
    if (!isPath || more.length > 0 || name === '' || (version === '' && contract !== '*')) return [];
    return [{ name, version, path: path === '/' ? '' : path }];
  });
  return known.length === 0 ? undefined : new KnownMounts(known);
}

interface Mount extends MountedContract {
  readonly path: string;
}

class KnownMounts implements Mounts {
  readonly #all: readonly Mount[];
  /** Clients ask with each attempt, and for few contracts. */
  readonly #asked = new WeakMap<MountedContract, string>();

  constructor(all: readonly Mount[]) {
    this.#all = all;
  }

  pathOf(contract: MountedContract): string {
    const known = this.#asked.get(contract);
    if (known !== undefined) return known;
    const path = this.#find(contract);
    this.#asked.set(contract, path);
    return path;
  }

  #find({ name, version }: MountedContract): string {
    const named = this.#all.filter((mount) => mount.name === name);
    const exact = named.find((mount) => mount.version === version);
    const found = exact ?? nearest(named, version) ?? this.#all.find((mount) => mount.name === '*');
    return found?.path ?? '';
  }
}

/** Of several versions, the first that is not older and has the same major number; else the newest. */
function nearest(mounts: readonly Mount[], wanted: string): Mount | undefined {
  const own = parseVersion(wanted);
  const sorted = mounts
    .flatMap((mount) => {
      const version = parseVersion(mount.version);
      return version ? [{ mount, version }] : [];
    })
    .sort((a, b) => compareVersions(a.version, b.version));
  const fits = sorted.find(
    ({ version }) => own && version.numbers[0] === own.numbers[0] && compareVersions(version, own) >= 0,
  );
  return (fits ?? sorted.at(-1))?.mount;
}

function isSegment(text: string): boolean {
  return /^[A-Za-z0-9._~-]+$/.test(text) && text !== '.' && text !== '..';
}

function keyAt(index: number): string {
  return index === 0 ? key : `${key}-${index + 1}`;
}
