/**
 * How the facts of an instance travel in Consul's `Meta`: at most 64 pairs, keys of letters, digits, `-` and `_`, values of
 * at most 512 bytes. What fits stands there plainly, so that people and filters can read it (`fwk-version`, `fwk-status`,
 * and the instance's own metadata under its own names); what does not is packed as JSON into pairs `fwk-more-0`, …
 */
import { parseJson } from '@fwk/kernel';
import { InstanceInvalidError } from '../../errors.js';
import type { Instance } from '../../instance.js';

const MAX_PAIRS = 64;
const MAX_BYTES = 512;
const plainKey = /^(?!fwk-|consul-)[A-Za-z0-9_-]{1,128}$/;
const more = 'fwk-more-';

/** The process that registered an instance, which only it can say of itself. */
export const holderKey = 'fwk-holder';

/** Facts by the key that they have in Meta. */
const facts = {
  'fwk-version': 'version',
  'fwk-status': 'status',
  'fwk-zone': 'zone',
  'fwk-weight': 'weight',
  'fwk-owner': 'owner',
  'fwk-started-at-ms': 'startedAtMs',
} as const satisfies Record<string, keyof Instance>;

/**
 * The Meta of an instance.
 * @param holder - a name of this process that no other has.
 * @throws InstanceInvalidError when it does not fit.
 */
export function writeMeta(instance: Instance, holder: string): Readonly<Record<string, string>> {
  const meta: Record<string, string> = { [holderKey]: holder };
  const packed: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(facts)) {
    const value = instance[field];
    if (value === undefined) continue;
    if (fits(String(value))) meta[key] = String(value);
    else packed[field] = value;
  }
  if (instance.contracts) packed.contracts = instance.contracts;
  if (instance.lastChange) packed.lastChange = instance.lastChange;
  if (instance.tags?.length === 0) packed.tags = [];
  if (instance.metadata) {
    const entries = Object.entries(instance.metadata);
    const odd = entries.filter(([key, value]) => !plainKey.test(key) || !fits(value));
    for (const [key, value] of entries) if (plainKey.test(key) && fits(value)) meta[key] = value;
    if (odd.length > 0 || entries.length === 0) packed.metadata = Object.fromEntries(odd);
  }
  if (Object.keys(packed).length > 0) {
    const text = asciiOf(JSON.stringify(packed));
    for (let at = 0; at < text.length; at += MAX_BYTES) {
      meta[`${more}${at / MAX_BYTES}`] = text.slice(at, at + MAX_BYTES);
    }
  }
  const pairs = Object.keys(meta).length;
  if (pairs <= MAX_PAIRS) return meta;
  throw new InstanceInvalidError(instance.id, [
    `metadata and contracts need ${pairs} of the ${MAX_PAIRS} pairs that Consul takes; shorten them`,
  ]);
}

/** True for the Meta of an instance that this framework registered. */
export function isOurs(meta: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(meta, 'fwk-status');
}

/** Reads the facts back, to be checked by `parseInstance`. Somebody else's Meta is all metadata. */
export function readMeta(meta: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(facts)) {
    const value = meta[key];
    if (value !== undefined) found[field] = field === 'weight' || field === 'startedAtMs' ? Number(value) : value;
  }
  const packed = unpack(meta);
  const plain = Object.entries(meta).filter(([key]) => plainKey.test(key));
  const metadata = [...plain, ...Object.entries(packed.metadata ?? {})];
  return { ...found, ...packed, metadata: metadata.length > 0 || packed.metadata ? entriesOf(metadata) : undefined };
}

/** What was packed; nothing when somebody has damaged it. */
function unpack(meta: Readonly<Record<string, string>>): { readonly metadata?: object } {
  let text = '';
  for (let part = 0; Object.hasOwn(meta, `${more}${part}`); part++) text += meta[`${more}${part}`];
  if (text === '') return {};
  try {
    const packed: unknown = parseJson(text);
    return typeof packed === 'object' && packed !== null && !Array.isArray(packed) ? packed : {};
  } catch {
    return {};
  }
}

function entriesOf(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries);
}

/** Half a character would be replaced by Consul. */
function fits(value: string): boolean {
  return Buffer.byteLength(value) <= MAX_BYTES && !/\p{Surrogate}/u.test(value);
}

/** JSON in which each character is one byte, so that it can be cut anywhere. */
function asciiOf(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
