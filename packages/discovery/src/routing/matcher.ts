/**
 * Which instances a call may go to at all, and to which group of a split they belong.
 *
 * An instance that several groups fit belongs to one of them: that of a tag before those of versions, the narrower range before
 * the wider one, and `*` last.
 */
import { compareVersions, parseVersion, parseVersionRange, type Version, type VersionRange } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { LeftOut } from '../pick/router.js';
import { parseSplitKey, type SplitKey } from './split-key.js';

/** What is wanted of instances. */
export interface Wanted {
  readonly tags: readonly string[];
  readonly version?: string | undefined;
  readonly split?: Readonly<Record<string, number>> | undefined;
}

/** A group of a split. */
export interface Group {
  readonly name: string;
  readonly share: number;
  readonly key: SplitKey;
}

/** The group of what is in none of a split. */
export const NO_GROUP = -1;
/** Versions of which the answers are kept. */
const MAX_KEPT = 1000;
/** Characters that are shown of what is no range. */
const MAX_SHOWN = 60;

/** What follows from a version alone. */
interface VersionFacts {
  readonly fits: boolean;
  readonly group: number;
}

/** Matches instances with what is wanted of them. */
export class Matcher {
  /** Empty where there is no split: then all are one group, number 0. */
  readonly groups: readonly Group[];
  readonly #wanted: Wanted;
  readonly #having: readonly string[];
  readonly #lacking: readonly string[];
  /** Undefined: any version. Null: what was wanted is no range, and nothing fits. */
  readonly #range: VersionRange | null | undefined;
  readonly #byVersion = new Map<string, VersionFacts>();

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#having = wanted.tags.filter((tag) => !tag.startsWith('!'));
    this.#lacking = wanted.tags.filter((tag) => tag.startsWith('!')).map((tag) => tag.slice(1));
    this.#range = wanted.version === undefined ? undefined : (parseVersionRange(wanted.version) ?? null);
    this.groups = Object.entries(wanted.split ?? {}).flatMap(([name, share]) => {
      const key = parseSplitKey(name);
      return key ? [{ name, share, key }] : [];
    });
  }

  /** Whether nothing is wanted of tags and version. */
  get takesAll(): boolean {
    return this.#range === undefined && this.#wanted.tags.length === 0;
  }

  /** Whether tags and version are as wanted. */
  fits(instance: Instance): boolean {
    return this.#tagsFit(instance) && this.#facts(instance).fits;
  }

  /** The number of its group; {@link NO_GROUP} where it is in none. */
  groupOf(instance: Instance): number {
    if (this.groups.length === 0) return 0;
    const { tags = [] } = instance;
    if (tags.length > 0) {
      const tagged = this.groups.findIndex(({ key }) => key.kind === 'tag' && tags.includes(key.tag));
      if (tagged !== NO_GROUP) return tagged;
    }
    return this.#facts(instance).group;
  }

  /** Why it may not be called at all. */
  leftOut(instance: Instance): LeftOut | undefined {
    const { version, tags = [] } = instance;
    if (!this.#tagsFit(instance)) {
      return { rule: 'tags', measured: tags.join(', ') || 'none', wanted: this.#wanted.tags.join(', ') };
    }
    if (!this.#facts(instance).fits) {
      const wanted = this.#wanted.version ?? '';
      // What is no range may be anything, of any length: a call said it.
      const said = this.#range ? wanted : `${wanted.slice(0, MAX_SHOWN)}, which is no range`;
      return { rule: 'version', measured: version, wanted: said };
    }
    const group = this.groupOf(instance);
    if (group === NO_GROUP) {
      return { rule: 'split', measured: version, wanted: this.groups.map(({ name }) => name).join(', ') };
    }
    const { name, share } = this.groups[group] ?? { name: '', share: 1 };
    return share > 0 ? undefined : { rule: 'split', measured: `share 0 of ${name}`, wanted: 'a share above 0' };
  }

  #tagsFit({ tags = [] }: Instance): boolean {
    return this.#having.every((tag) => tags.includes(tag)) && !this.#lacking.some((tag) => tags.includes(tag));
  }

  #facts({ version: text }: Instance): VersionFacts {
    let facts = this.#byVersion.get(text);
    if (!facts) {
      const version = parseVersion(text);
      facts = { fits: this.#versionFits(version), group: this.#groupByVersion(version) };
      if (this.#byVersion.size >= MAX_KEPT) this.#byVersion.clear();
      this.#byVersion.set(text, facts);
    }
    return facts;
  }

  #versionFits(version: Version | undefined): boolean {
    const range = this.#range;
    if (range === undefined) return true;
    return range !== null && version !== undefined && range(version);
  }

  #groupByVersion(version: Version | undefined): number {
    let narrowest = NO_GROUP;
    for (let at = 0; version && at < this.groups.length; at++) {
      const range = rangeOf(this.groups[at]);
      if (!range?.(version)) continue;
      if (narrowest === NO_GROUP || isNarrower(range, rangeOf(this.groups[narrowest]), version)) narrowest = at;
    }
    return narrowest === NO_GROUP ? this.groups.findIndex(({ key }) => key.kind === 'rest') : narrowest;
  }
}

function rangeOf(group: Group | undefined): VersionRange | undefined {
  return group?.key.kind === 'range' ? group.key.range : undefined;
}

/** Whether the first begins nearer below a version, or begins alike and ends nearer above it. */
function isNarrower(first: VersionRange, second: VersionRange | undefined, version: Version): boolean {
  const [one, other] = [first.around(version), second?.around(version)];
  const begin = compareBounds(one.from, other?.from, -1);
  return begin !== 0 ? begin > 0 : compareBounds(other?.to, one.to, 1) > 0;
}

/** @param missing - what a bound that is not there counts as: −1 below, 1 above everything. */
function compareBounds(first: Version | undefined, second: Version | undefined, missing: -1 | 1): number {
  if (first && second) return compareVersions(first, second);
  return ((first ? 0 : 1) - (second ? 0 : 1)) * missing;
}
