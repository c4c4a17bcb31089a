/**
 * What a registry knows of one running instance of a service, and the one place where such data from outside (the wire, a
 * file, another backend) is checked: everything behind it may trust lengths, ranges and characters.
 */
import { isDangerousKey, semanticVersion } from '@fwk/kernel';
import { InstanceInvalidError } from './errors.js';

/** Where an instance is in its life. Only `UP` ones are picked for calls. */
export type InstanceStatus = 'STARTING' | 'UP' | 'DRAINING' | 'OUT_OF_SERVICE' | 'DOWN';

/** All statuses, in the order of an instance's life. */
export const instanceStatuses: readonly InstanceStatus[] = Object.freeze([
  'STARTING',
  'UP',
  'DRAINING',
  'OUT_OF_SERVICE',
  'DOWN',
] as const);

/** The last change of an instance's status or facts. */
export interface InstanceChange {
  /** Why, for people. */
  readonly cause: string;
  /** Who: {@link itself}, `operator alice`, `consul check service:inventory-1`. */
  readonly actor: string;
  /** Wall-clock milliseconds since the epoch; absent where it is not known. */
  readonly atMs?: number;
}

/** The actor of what an instance says of itself. */
export const itself = 'instance';

/** One running instance. Plain, frozen data; the same on the wire and in memory. */
export interface Instance {
  /** Unique among all instances of all services. */
  readonly id: string;
  readonly service: string;
  /** Semantic version of the service, such as `1.4.0` or `2.0.0-rc.1+build.7`. */
  readonly version: string;
  /** Host name or IP address, without brackets. */
  readonly address: string;
  /** 1 to 65 535. */
  readonly port: number;
  readonly zone?: string;
  /** Share of traffic relative to the others, above 0 up to 65 535. Absent counts as 1. */
  readonly weight?: number;
  readonly tags?: readonly string[];
  /**
   * Free facts. `scheme: 'https'` makes the endpoint's URL an https one. `wires: 'http,mux'` says which wires it serves; HTTP alone
   * without it. `mounts: 'orders@1.0.0 /api'` says that contracts are below a path; at the root without it.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The team that owns the service. */
  readonly owner?: string;
  /** Contracts served, as `name@version`. */
  readonly contracts?: readonly string[];
  /** Wall-clock milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly status: InstanceStatus;
  /** Absent where nobody has said so. */
  readonly lastChange?: InstanceChange;
}

/** What one instance may hold, so that nobody can fill a registry's memory with one. */
export const instanceLimits = Object.freeze({
  /** Characters of id, service, version, address, zone and owner, and of the cause and actor of a change. */
  nameLength: 200,
  tags: 50,
  contracts: 200,
  /** Characters of a tag, a contract or a metadata key. */
  wordLength: 200,
  metadataKeys: 64,
  /** Characters of all metadata keys and values together. */
  metadataLength: 8192,
  /** As much as Consul and DNS can say. */
  weight: 65_535,
});

const name = /^[A-Za-z0-9][A-Za-z0-9._:@-]*$/;
const word = /^[^\p{Cc}]+$/u;
const nameKind = 'letters, digits or . _ : @ -, beginning with a letter or a digit';

/**
 * For what is said of an instance by its id alone.
 * @throws InstanceInvalidError `FWK_DISCOVERY_INSTANCE_INVALID` where no instance could have it.
 */
export function checkInstanceId(id: string): void {
  if (id.length <= instanceLimits.nameLength && name.test(id)) return;
  throw new InstanceInvalidError(id.slice(0, instanceLimits.nameLength), [
    `id must be 1 to ${instanceLimits.nameLength} ${nameKind}`,
  ]);
}

/** Whether a text may be the name of a service. */
export function isServiceName(text: string): boolean {
  return text.length <= instanceLimits.nameLength && name.test(text);
}

/**
 * Checks data from outside and answers a frozen instance. Fields it does not know are dropped, not refused: programs on
 * one machine are not all of one version.
 * @throws InstanceInvalidError `FWK_DISCOVERY_INSTANCE_INVALID` with every problem at once.
 */
export function parseInstance(value: unknown): Instance {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InstanceInvalidError('', ['an instance must be an object']);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  const own = (field: string) => (Object.hasOwn(given, field) ? given[field] : undefined);
  const text = (field: string, pattern: RegExp, kind = 'plain characters'): string => {
    const found = own(field);
    const fits = typeof found === 'string' && found.length <= instanceLimits.nameLength && pattern.test(found);
    if (!fits) problems.push(`${field} must be 1 to ${instanceLimits.nameLength} ${kind}`);
    return fits ? found : '';
  };
  const version = (): string => {
    const found = own('version');
    const range = semanticVersion(found);
    if (range) problems.push(`version must be ${range}`);
    return range ? '' : String(found);
  };
  const number = (field: string, fits: (found: number) => boolean, range: string): number => {
    const found = own(field);
    if (typeof found === 'number' && fits(found)) return found;
    problems.push(`${field} must be ${range}`);
    return 0;
  };
  const words = (field: string, limit: number): readonly string[] => {
    const found = own(field);
    const fits = Array.isArray(found) && found.length <= limit && found.every(isWord);
    if (!fits)
      problems.push(`${field} must be at most ${limit} words of at most ${instanceLimits.wordLength} characters`);
    return fits ? Object.freeze([...found]) : [];
  };
  const has = (field: string) => own(field) !== undefined;
  const instance: Instance = {
    id: text('id', name, nameKind),
    service: text('service', name, nameKind),
    version: version(),
    address: text('address', /^[A-Za-z0-9._:%-]+$/),
    port: number('port', (port) => Number.isInteger(port) && port >= 1 && port <= 65_535, 'from 1 to 65535'),
    ...(has('zone') && { zone: text('zone', word) }),
    ...(has('weight') && { weight: number('weight', isWeight, `above 0 up to ${instanceLimits.weight}`) }),
    ...(has('tags') && { tags: words('tags', instanceLimits.tags) }),
    ...(has('metadata') && { metadata: parseMetadata(own('metadata'), problems) }),
    ...(has('owner') && { owner: text('owner', word) }),
    ...(has('contracts') && { contracts: words('contracts', instanceLimits.contracts) }),
    startedAtMs: number('startedAtMs', (at) => at >= 0 && Number.isFinite(at), 'milliseconds since the epoch'),
    status: instanceStatuses.find((status) => status === own('status')) ?? 'DOWN',
    ...(has('lastChange') && { lastChange: parseChange(own('lastChange'), problems) }),
  };
  if (instance.status !== own('status')) problems.push(`status must be one of ${instanceStatuses.join(', ')}`);
  if (problems.length > 0) throw new InstanceInvalidError(instance.id, problems);
  return Object.freeze(instance);
}

/** The same instance with some facts replaced, checked again. */
export function changeInstance(
  instance: Instance,
  facts: Partial<Pick<Instance, 'status' | 'metadata'>>,
  lastChange: InstanceChange,
): Instance {
  return parseInstance({ ...instance, ...facts, lastChange });
}

/** Reads a change from outside; what is wrong with it is added to the problems. */
export function parseChange(value: unknown, problems: string[]): InstanceChange {
  const { cause, actor, atMs } = Object(value) as Readonly<Record<string, unknown>>;
  const isName = (text: unknown): text is string => isWord(text) && text.length <= instanceLimits.nameLength;
  const isTime = typeof atMs === 'number' && atMs >= 0 && Number.isFinite(atMs);
  if (isName(cause) && isName(actor) && (isTime || atMs === undefined)) {
    return Object.freeze({ cause, actor, ...(isTime && { atMs }) });
  }
  problems.push(
    `a change must have a cause and an actor of 1 to ${instanceLimits.nameLength} plain characters, and atMs in ` +
      'milliseconds since the epoch',
  );
  return { cause: '', actor: '' };
}

/** Its weight; 1 where it says none, or one that no registry takes, as may stand in a list that was made by hand. */
export function instanceWeight({ weight = 1 }: Instance): number {
  return Number.isFinite(weight) && isWeight(weight) ? weight : 1;
}

function isWeight(value: number): boolean {
  return value > 0 && value <= instanceLimits.weight;
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length <= instanceLimits.wordLength && word.test(value);
}

function parseMetadata(value: unknown, problems: string[]): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push('metadata must be an object of strings');
    return {};
  }
  const entries = Object.entries(value);
  let length = 0;
  for (const [key, text] of entries) {
    if (!isWord(key) || isDangerousKey(key) || typeof text !== 'string') {
      problems.push(`metadata ${JSON.stringify(key.slice(0, 40))} must be a word with a string value`);
      return {};
    }
    length += key.length + text.length;
  }
  if (entries.length > instanceLimits.metadataKeys || length > instanceLimits.metadataLength) {
    problems.push(
      `metadata must be at most ${instanceLimits.metadataKeys} keys and ${instanceLimits.metadataLength} characters, ` +
        `not ${entries.length} and ${length}`,
    );
    return {};
  }
  return Object.freeze(Object.fromEntries(entries) as Record<string, string>);
}
