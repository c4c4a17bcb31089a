/**
 * The file of a file registry: base URLs or instances by service. It is written by people and by deployments, so what can
 * be left out may be, and every problem is named with the entry that has it.
 */
import { messageOf, parseJson } from '@fwk/kernel';
import { type Instance, parseInstance } from '../../instance.js';
import { instanceAt } from '../static-registry.js';

/** Largest file that is read, in bytes: 4 MiB. */
export const maxFileBytes = 4 * 1024 * 1024;

/** Instances that one file may list. */
const maxFileInstances = 10_000;

/**
 * Reads the content of a file.
 * @throws Error whose message has every problem, one after the other.
 * @example `{ "inventory": ["http://10.0.0.4:8080", { "address": "10.0.0.5", "port": 8080, "zone": "b" }] }`
 */
export function parseInstances(content: Uint8Array): readonly Instance[] {
  const tree = parseJson(content);
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
    throw new Error('an object of lists by service is needed');
  }
  const problems: string[] = [];
  const byId = new Map<string, Instance>();
  let entries = 0;
  for (const [service, list] of Object.entries(tree)) {
    if (!Array.isArray(list)) {
      problems.push(`"${service}" must be a list of URLs and instances`);
      continue;
    }
    entries += list.length;
    if (entries > maxFileInstances) throw new Error(`more than ${maxFileInstances} instances are listed`);
    for (const [index, entry] of list.entries()) {
      try {
        const instance = instanceOf(service, entry);
        if (byId.has(instance.id)) problems.push(`"${service}"[${index}] has the id of another: ${instance.id}`);
        byId.set(instance.id, instance);
      } catch (error) {
        problems.push(`"${service}"[${index}]: ${messageOf(error)}`);
      }
    }
  }
  if (problems.length === 0) return [...byId.values()];
  const shown = problems.slice(0, maxShown);
  throw new Error(shown.join('; ') + (problems.length > maxShown ? `; and ${problems.length - maxShown} more` : ''));
}

const maxShown = 10;

function instanceOf(service: string, entry: unknown): Instance {
  if (typeof entry === 'string') return instanceAt(service, entry);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new Error('a base URL or an object with address and port is needed');
  }
  const { address, port } = entry as Readonly<Record<string, unknown>>;
  const usual = { id: `${service}@${address}:${port}`, version: '0.0.0', startedAtMs: 0, status: 'UP' };
  return parseInstance({ ...usual, ...entry, service });
}
