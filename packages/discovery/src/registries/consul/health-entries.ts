/**
 * What Consul knows of a service's instances, read from `/health/service`: ours exactly as they were registered, anybody
 * else's as far as Consul says it. Everything is checked, since whoever may register may write anything.
 */
import { messageOf, refuseDangerousKeys } from '@fwk/kernel';
import {
  type Instance,
  type InstanceChange,
  type InstanceStatus,
  instanceLimits,
  parseInstance,
} from '../../instance.js';
import { holderKey, isOurs, readMeta } from './meta.js';
import { checkIdOf, notesOfFailing } from './service-definition.js';

/** One check of an instance or of its node. */
export interface HealthCheck {
  readonly id: string;
  readonly node: string;
  /** The id of the instance that it belongs to; empty for a check of the node. */
  readonly instance: string;
  /** How it is made: `ttl`, `http`, `maintenance`, … */
  readonly type: string;
  readonly status: string;
  readonly notes: string;
  readonly output: string;
}

interface Entry {
  readonly node: string;
  readonly nodeAddress: string;
  readonly service: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly checks: readonly HealthCheck[];
}

/** One registration of an instance, as those look at it who claim its id. */
export interface Holding {
  readonly instance: Instance;
  /** The process that registered it. */
  readonly holder: string | undefined;
  /** False when it has not reported for too long, or its node is gone; whatever it says of itself. */
  readonly alive: boolean;
  /** Its place in the order in which the servers heard of all registrations, the smaller the earlier. */
  readonly since: number;
}

/** The instances, by id, and what could not be read. */
export interface HealthList {
  readonly instances: readonly Instance[];
  readonly unreadable: readonly string[];
}

/**
 * Reads the instances of a service.
 * @param before - what was last known of it.
 * @param inDoubt - asked for an instance whose check the agent has not made yet, as after its restart: whether it is thought
 * to be as it was. Ours is thought to serve, since it is registered when it does; what others register may still be
 * starting, so theirs must have been UP before.
 * @throws TypeError when it is no list of entries at all.
 */
export function readHealthList(
  value: unknown,
  service: string,
  before: readonly Instance[],
  inDoubt: (id: string) => boolean,
): HealthList {
  if (!Array.isArray(value)) throw new TypeError('it answered something that is no list of instances');
  const wereUp = new Set(before.filter(({ status }) => status === 'UP').map(({ id }) => id));
  const found = new Map<string, Instance>();
  const unreadable: string[] = [];
  for (const part of value as unknown[]) {
    try {
      const entry = readEntry(part);
      // Consul takes names that differ in case only for the same; they are two services.
      if (entry.service.Service !== service) continue;
      const instance = instanceOf(entry, (id) => (isOurs(entry.meta) || wereUp.has(id)) && inDoubt(id));
      const other = found.get(instance.id);
      // A node that came back under another name leaves its instances behind twice.
      if (other?.status !== 'UP') found.set(instance.id, instance);
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  const instances = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { instances: Object.freeze(instances), unreadable };
}

/** The registrations of a list, with several of one id where there are; what cannot be read is left out. */
export function readHoldings(value: unknown): readonly Holding[] {
  if (!Array.isArray(value)) throw new TypeError('it answered something that is no list of instances');
  return (value as unknown[]).flatMap((part) => {
    try {
      const entry = readEntry(part);
      const since = numberOf(entry.service.CreateIndex);
      return [{ instance: instanceOf(entry), holder: entry.meta[holderKey], alive: !isDead(entry), since }];
    } catch {
      return [];
    }
  });
}

/** The checks in an answer of Consul; what is none is left out. */
export function readChecks(value: unknown): readonly HealthCheck[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((check) => ({
    id: textOf(check.CheckID),
    node: textOf(check.Node),
    instance: textOf(check.ServiceID),
    type: textOf(check.Type),
    status: textOf(check.Status),
    notes: textOf(check.Notes),
    output: textOf(check.Output),
  }));
}

/** The pairs of a `Meta`; what is no text is left out. */
export function readPairs(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => isText(pair[1])));
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEntry(value: unknown): Entry {
  if (!isRecord(value) || !isRecord(value.Service)) throw new TypeError('an entry without a service');
  refuseDangerousKeys(value.Service);
  const node = isRecord(value.Node) ? value.Node : {};
  const weights = isRecord(value.Service.Weights) ? value.Service.Weights : {};
  return {
    node: textOf(node.Node),
    nodeAddress: textOf(node.Address),
    service: value.Service,
    meta: readPairs(value.Service.Meta),
    weights: { passing: numberOf(weights.Passing), warning: numberOf(weights.Warning) },
    checks: readChecks(value.Checks),
  };
}

function instanceOf(entry: Entry, inDoubt: (id: string) => boolean = () => true): Instance {
  const { service, meta, node } = entry;
  const facts = readMeta(meta);
  const given = textOf(service.ID);
  const id = isOurs(meta) ? given : idOfOthers(given, node);
  const checks =
    entry.checks.some(isUntouched) && inDoubt(id) ? entry.checks.filter((check) => !isUntouched(check)) : entry.checks;
  const tags = Array.isArray(service.Tags) && service.Tags.length > 0 ? service.Tags : facts.tags;
  return parseInstance({
    version: '0.0.0',
    startedAtMs: 0,
    ...facts,
    id,
    service: service.Service,
    address: textOf(service.Address) || entry.nodeAddress,
    port: service.Port,
    tags,
    ...standing({ ...entry, checks }, facts),
  });
}

/**
 * Status and weight: what an operator says, then whether it lives at all, then the strictest of what the instance and other
 * checks say; and who says so.
 */
function standing({ service, checks, weights }: Entry, facts: Readonly<Record<string, unknown>>): object {
  const { status: own = 'UP' satisfies InstanceStatus, weight = fromWeight(weights.passing) } = facts;
  const maintenance = checks.find(isMaintenance);
  if (maintenance && own !== 'OUT_OF_SERVICE')
    return { status: 'OUT_OF_SERVICE', weight, lastChange: changeBy(maintenance, 'in maintenance') };
  const alive = checks.find(({ id }) => id === checkIdOf(textOf(service.ID)));
  const dead = alive?.status === 'critical' ? alive : undefined;
  if (own !== 'UP' && !dead) return { status: own, weight };
  const critical = dead ?? checks.find(({ status }) => status === 'critical');
  if (critical) return { status: 'DOWN', weight, lastChange: changeBy(critical, 'its check is critical') };
  const warning = checks.find(({ status }) => status === 'warning');
  if (!warning) return { status: 'UP', weight };
  const lastChange = changeBy(warning, 'its check warns');
  return weights.warning > 0
    ? { status: 'UP', weight: fromWeight(weights.warning), lastChange }
    : { status: 'OUT_OF_SERVICE', lastChange };
}

/** What a check does to an instance, in the words of whoever made it. */
function changeBy({ id, notes, output }: HealthCheck, otherwise: string): InstanceChange {
  // The notes of our own checks say of what state they are, and nothing to people.
  const said = id.startsWith('service:') ? output : notes;
  const plain = (text: string) =>
    text
      .replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, instanceLimits.nameLength);
  return { cause: plain(said) || otherwise, actor: plain(`consul ${id}`) };
}

/** Others' ids are unique on their node only, and may hold any character. */
function idOfOthers(id: string, node: string): string {
  const plain = `${id}@${node}`.replace(/[^A-Za-z0-9._:@-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain.slice(0, instanceLimits.nameLength);
}

/** One is what everybody has. */
function fromWeight(weight: number): number | undefined {
  return weight > 1 ? Math.min(weight, instanceLimits.weight) : undefined;
}

/** The check by which its node is seen to live. */
const nodeCheck = 'serfHealth';

function isDead({ service, checks }: Entry): boolean {
  const own = checkIdOf(textOf(service.ID));
  return checks.some(
    (check) => check.status === 'critical' && (check.id === own || check.id === nodeCheck) && !isUntouched(check),
  );
}

/**
 * True for a check that the agent has not made since it started or since the check was registered: it counts as critical
 * until then, and says nothing of the instance.
 */
export function isUntouched({ status, output, type, notes }: HealthCheck): boolean {
  return status === 'critical' && output === '' && askedByAgent.has(type) && !notes.startsWith(notesOfFailing);
}

/** Types of checks that the agent makes itself, now and then. */
const askedByAgent = new Set(['http', 'tcp', 'udp', 'grpc', 'h2ping', 'script', 'docker', 'os_service']);

/** True for what an operator has set by Consul's maintenance mode. */
export function isMaintenance({ id }: HealthCheck): boolean {
  return id === '_node_maintenance' || id.startsWith('_service_maintenance:');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function textOf(value: unknown): string {
  return isText(value) ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 1;
}
