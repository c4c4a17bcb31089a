/**
 * What one line says, as plain data without secrets that nothing can change afterwards. Every name stands in it once: what
 * the line says of itself wins, and a field of the same name is kept as `_name`. Of what loggers and their children add the
 * last one wins, and what the call gives wins over both.
 */
import { redact, redactText } from '@fwk/kernel';
import { flatMembers, isFlat } from './flat-members.js';
import { jsonMembers } from './json-text.js';

/** Plain data by name. */
export type PlainFields = Readonly<Record<string, unknown>>;

/** What every line says of itself. */
const lineFields: readonly string[] = Object.freeze(['level', 'time', 'message', 'traceId', 'spanId']);

const noFields: PlainFields = Object.freeze({});

/** What the lines of one logger begin with. */
export class LineHead {
  /** By the root: service, instance, version. */
  readonly root: PlainFields;
  /** By this logger and those above it. */
  readonly added: PlainFields;
  /** All of both as JSON, a comma in front of each. */
  readonly text: string;
  readonly #taken: ReadonlySet<string>;

  constructor(root: PlainFields, added: PlainFields) {
    this.root = root;
    this.added = added;
    this.text = jsonMembers(headOf(root, added));
    this.#taken = new Set([...lineFields, ...Object.keys(root), ...Object.keys(added)]);
  }

  /**
   * All of a line but level, time and message, as JSON with a comma in front of each member.
   * @param fields - what was given, whatever it is.
   * @param own - what the line says of its call.
   */
  jsonOf(fields: unknown, own: PlainFields): string {
    return this.#quick(fields, own) ?? jsonMembers(lineOf(this.root, this.added, plainFields(fields), own));
  }

  /** The same where no name comes twice and no field needs more than a look; undefined elsewhere. */
  #quick(fields: unknown, own: PlainFields): string | undefined {
    try {
      if (!isFlat(fields)) return undefined;
      for (const name in own) if (Object.hasOwn(this.added, name) || Object.hasOwn(this.root, name)) return undefined;
      const more = flatMembers(fields, (name) => this.#taken.has(name) || Object.hasOwn(own, name));
      return more === undefined ? undefined : this.text + jsonMembers(own) + more;
    } catch {
      // What was given throws when it is read.
      return undefined;
    }
  }
}

/** Root fields that no line says of itself, then added ones. */
function headOf(root: PlainFields, added: PlainFields): PlainFields {
  return lineOf(root, added, noFields, noFields);
}

/**
 * Everything but level, time and message.
 * @param own - what the line says of its call.
 */
export function lineOf(root: PlainFields, added: PlainFields, fields: PlainFields, own: PlainFields): PlainFields {
  const line = new Map<string, unknown>(Object.entries(root).filter(([name]) => !lineFields.includes(name)));
  for (const [name, value] of Object.entries(own)) line.set(name, value);
  const taken = new Set([...lineFields, ...line.keys()]);
  const more = new Map([...Object.entries(added), ...Object.entries(fields)]);
  for (const [name, value] of more) {
    // Said twice and the same.
    if (taken.has(name) && line.get(name) === value) continue;
    let free = name;
    while (taken.has(free) || (free !== name && more.has(free))) free = `_${free}`;
    line.set(free, value);
  }
  return Object.fromEntries(line);
}

/** The message without secrets; something readable for what is no text. */
export function messageText(message: unknown): string {
  if (typeof message === 'string') return redactText(message);
  const copy = redact(message);
  return copy === undefined ? '' : typeof copy === 'string' ? copy : JSON.stringify(copy);
}

/** A copy of what was given as fields, whatever it is. */
export function plainFields(fields: unknown): PlainFields {
  if (fields === undefined || fields === null) return noFields;
  const copy = redact(isError(fields) || typeof fields !== 'object' ? { err: fields } : fields);
  if (Array.isArray(copy)) return { ...copy };
  return typeof copy === 'object' && copy !== null ? (copy as PlainFields) : { err: copy };
}

/** Also of a proxy that refuses to say what it is. */
function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
