/**
 * What changed between two versions of a contract, and whom it breaks. Clients and servers are never replaced at one
 * moment, so both meetings count: clients of the old contract with servers of the new one, which decides whether the change
 * is breaking; and clients of the new one with servers of the old, which decides who has to be replaced first.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AnyContract } from '../contract/contract-types.js';
import { parsePath } from '../contract/path-template.js';
import { acceptsAll } from './accepts-all.js';
import { mediaTypeChange } from './answer-changes.js';
import { type Breaks, type ContractChange, whyOf } from './contract-change.js';
import {
  type ContractDescription,
  describeContract,
  type OperationDescription,
  requestParts,
} from './contract-description.js';
import { errorChanges } from './error-changes.js';
import type { JsonSchema, SchemaDescription } from './json-schema.js';
import { responseChanges } from './response-changes.js';
import { streamChanges } from './stream-changes.js';

/** What {@link compareContracts} answers. */
export interface ContractComparison {
  readonly name: string;
  /** Versions as the contracts say them. */
  readonly from: string;
  readonly to: string;
  /** Whether a client of the old contract may fail at a server of the new one. */
  readonly breaking: boolean;
  /** Whether there are parts of which that cannot be told. */
  readonly unknown: boolean;
  /** Whether servers have to be replaced before clients. */
  readonly serversFirst: boolean;
  /** The part of the version that has to go up: of 0.x the middle one stands for the first. */
  readonly needs: 'major' | 'minor' | 'patch' | 'none';
  /** Whether the version went up as far as it has to. */
  readonly versionFits: boolean;
  readonly changes: readonly ContractChange[];
}

type Described = AnyContract | ContractDescription;

/**
 * Compares two versions of a contract. What a schema checks by a function of its own is not seen; see {@link acceptsAll} for what is.
 * @param older - what clients have now.
 * @param newer - what servers are to have.
 */
export function compareContracts(older: Described, newer: Described): ContractComparison {
  const [from, to] = [describeContract(older), describeContract(newer)];
  const changes: ContractChange[] = [];
  if (from.name !== to.name) {
    const why = `the contract is called "${to.name}", not "${from.name}": clients look for another service`;
    changes.push({ operation: '', part: 'contract', path: '', breaks: 'old clients', why });
  }
  for (const [name, before] of Object.entries(from.operations)) {
    const after = own(to.operations, name);
    if (after) changes.push(...operationChanges(name, before, after));
    else
      changes.push({
        operation: name,
        part: 'operation',
        path: '',
        breaks: 'old clients',
        why: 'the operation is gone',
      });
  }
  for (const name of Object.keys(to.operations)) {
    if (own(from.operations, name)) continue;
    changes.push({ operation: name, part: 'operation', path: '', breaks: 'new clients', why: 'the operation is new' });
  }
  const breaks = (whom: Breaks) => changes.some((change) => change.breaks === whom);
  const breaking = breaks('old clients');
  const needs = breaking ? 'major' : breaks('new clients') ? 'minor' : 'patch';
  const needed = changes.length === 0 ? 'none' : needs;
  return {
    name: to.name,
    from: from.version,
    to: to.version,
    breaking,
    unknown: breaks('unknown'),
    serversFirst: breaks('new clients'),
    needs: needed,
    versionFits: fits(from.version, to.version, needed),
    changes,
  };
}

function operationChanges(
  operation: string,
  before: OperationDescription,
  after: OperationDescription,
): ContractChange[] {
  const changes: ContractChange[] = [];
  const change = (part: string, breaks: Breaks, why: string, path = '') =>
    changes.push({ operation, part, path, breaks, why });
  const route = ({ method, path }: OperationDescription) => `${method} ${shapeOf(path)}`;
  if (route(before) !== route(after)) {
    change(
      'operation',
      'old clients',
      `it is ${after.method} ${after.path}, no longer ${before.method} ${before.path}`,
    );
  }
  if (before.idempotencyKey !== after.idempotencyKey) {
    const why = after.idempotencyKey
      ? 'it requires an Idempotency-Key, which old clients do not send'
      : 'it no longer keeps the answers of Idempotency-Keys: what old clients try again may be done twice';
    change('idempotency', 'old clients', why);
  } else if (before.idempotent !== after.idempotent) {
    if (before.idempotent)
      change('idempotency', 'old clients', 'it is no longer idempotent, and old clients try again');
    else
      change(
        'idempotency',
        'new clients',
        'it is idempotent now: new clients try again, also at servers where it is not',
      );
  }
  if (before.timeoutMs !== after.timeoutMs) {
    const [was, is] = [before.timeoutMs ?? Number.POSITIVE_INFINITY, after.timeoutMs ?? Number.POSITIVE_INFINITY];
    if (is < was)
      change('timeout', 'old clients', `servers end an attempt after ${is} ms, ${said(before.timeoutMs)} before`);
    else change('timeout', 'nobody', `an attempt may take ${said(after.timeoutMs)}, ${was} ms before`);
  }
  if (before.priority !== after.priority) {
    change(
      'priority',
      'nobody',
      `its priority is ${after.priority ?? 'the caller’s'}, ${before.priority ?? 'the caller’s'} before`,
    );
  }
  for (const part of requestParts)
    changes.push(...partChanges(operation, part, renamed(part, before, after), after[part]));
  const [items, itemsNow] = [before.bodyStream?.items, after.bodyStream?.items];
  if (items && itemsNow) changes.push(...partChanges(operation, 'body', items, itemsNow));
  changes.push(...streamChanges(operation, before, after));
  if (!before.stream && !after.stream) changes.push(...responseChanges(operation, before, after));
  changes.push(...errorChanges(operation, before.errors, after.errors));
  return changes;
}

function said(timeoutMs: number | undefined): string {
  return timeoutMs === undefined ? 'as long as the caller allows' : `${timeoutMs} ms`;
}

/** Whether a part of the request changed, and whom that breaks. */
function partChanges(
  operation: string,
  part: (typeof requestParts)[number],
  before: SchemaDescription | undefined,
  after: SchemaDescription | undefined,
): ContractChange[] {
  const change = (breaks: Breaks, why: string, path = ''): ContractChange => ({ operation, part, path, breaks, why });
  if (isDeepStrictEqual(before, after) && before?.opaque === undefined) return [];
  const opaque = before?.opaque ?? after?.opaque;
  // The same schema may be opaque on both sides; nobody can tell whether it is.
  if (opaque !== undefined) return [change('unknown', `it cannot be compared: ${opaque}`)];
  // What servers do not look at they do not refuse, and what clients have no schema for they do not send.
  const nothing: JsonSchema = part === 'body' ? {} : { type: 'object' };
  if (!after) return [change('nobody', 'servers no longer look at it')];
  if (!before) {
    const refused = part === 'body' ? [{ path: '', why: 'is required' }] : acceptsAll(after.input ?? true, nothing);
    if (refused.length === 0) return [change('new clients', 'it is new, and old servers do not look at it')];
    return refused.map(({ path, why }) => change('old clients', `it is new: a value of old clients ${why}`, path));
  }
  const moved = mediaTypeChange(before, after);
  if (moved) return [change('old clients', moved)];
  const [was, is] = [before.input ?? true, after.input ?? true];
  const broken = acceptsAll(is, was);
  if (broken.length > 0)
    return broken.map(({ path, why }) => change('old clients', whyOf('the new contract', why), path));
  const early = acceptsAll(was, is);
  if (early.length > 0)
    return early.map(({ path, why }) => change('new clients', whyOf('the old contract', why), path));
  return [];
}

/** The parameters of the old path by the names of the new one: on the wire only their places count. */
function renamed(
  part: (typeof requestParts)[number],
  before: OperationDescription,
  after: OperationDescription,
): SchemaDescription | undefined {
  const description = before[part];
  if (part !== 'params' || !description) return description;
  const [was, is] = [parametersOf(before.path), parametersOf(after.path)];
  const names = new Map(was.map((name, at) => [name, is[at] ?? name]));
  const rename = (schema: JsonSchema | undefined): JsonSchema | undefined => {
    if (typeof schema !== 'object') return schema;
    const { properties, required } = schema;
    return {
      ...schema,
      ...(typeof properties === 'object' &&
        properties !== null && {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, field]) => [names.get(name) ?? name, field]),
          ),
        }),
      ...(Array.isArray(required) && { required: required.map((name) => names.get(name) ?? name) }),
    };
  };
  return { ...description, input: rename(description.input), output: rename(description.output) } as SchemaDescription;
}

function shapeOf(path: string): string {
  const template = parsePath(path);
  return typeof template === 'string' ? path : template.shape;
}

function parametersOf(path: string): readonly string[] {
  const template = parsePath(path);
  return typeof template === 'string' ? [] : template.parameters;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Whether a version went up far enough. */
function fits(from: string, to: string, needs: ContractComparison['needs']): boolean {
  const [was, is] = [numbersOf(from), numbersOf(to)];
  const rank = { major: 0, minor: 1, patch: 2, none: 3 }[needs];
  if (rank === 3) return true;
  // Before 1.0.0 the middle number stands for the first, and the last for the middle one.
  const place = Math.min(2, was[0] === 0 && is[0] === 0 ? rank + 1 : rank);
  for (let at = 0; at <= place; at++) {
    if ((is[at] as number) !== (was[at] as number)) return (is[at] as number) > (was[at] as number);
  }
  return false;
}

function numbersOf(version: string): readonly number[] {
  return version.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? [];
}
