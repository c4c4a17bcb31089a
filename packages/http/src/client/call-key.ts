/**
 * Whom a call belongs to, as plain data says it: what hashes and sticky splits choose by where the call itself gives no key. The
 * same words mean the same over every wire, and with `fetch`, which has no params and whose bodies are passed on unread.
 */
import { type CallContext, callerKey, fixed, type Rule } from '@fwk/kernel';
import type { OperationRequest } from '../calling/operation-request.js';

/** Reads the key of a call; undefined where it has none. */
type KeyOf = (request: OperationRequest, context: CallContext) => string | undefined;

const byPart: Readonly<Record<string, (name: string) => KeyOf>> = {
  header: (name) => (request) => headerOf(request, name.toLowerCase()),
  param: (name) => (request) => memberOf(request, 'params', name),
  query: (name) => (request) => queryOf(request, name),
  body: (name) => (request) => memberOf(request, 'body', name),
};

const whole: Readonly<Record<string, KeyOf>> = {
  path: ({ path }) => path.split('?', 1)[0],
  caller: (_request, context) => context.get(callerKey),
};

const MAX_NAME = 200;

/** What it must be. */
export const callKeyRule: Rule = fixed((value) =>
  typeof value === 'string' && readCallKey(value)
    ? undefined
    : 'header:NAME, param:NAME, query:NAME, body:NAME, path or caller',
);

/** Makes what reads it; undefined for what breaks {@link callKeyRule}. */
export function readCallKey(text: string): KeyOf | undefined {
  if (Object.hasOwn(whole, text)) return whole[text];
  const colon = text.indexOf(':');
  const [part, name] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  if (colon < 0 || name === '' || name.length > MAX_NAME || !Object.hasOwn(byPart, part)) return undefined;
  return byPart[part]?.(name);
}

/** The same for balancers and routers, which know nothing of what a request is. @param text - that keeps the rule */
export function keyOf(text: string): (request: unknown, context: CallContext) => string | undefined {
  const read = readCallKey(text);
  return (request, context) => read?.(request as OperationRequest, context);
}

/** Of a header that stands there twice, the first. */
function headerOf({ headers }: OperationRequest, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at]?.toLowerCase() === name) return headers[at + 1];
  return undefined;
}

function queryOf({ path }: OperationRequest, name: string): string | undefined {
  const mark = path.indexOf('?');
  return mark < 0 ? undefined : (new URLSearchParams(path.slice(mark + 1)).get(name) ?? undefined);
}

/** A text, number or boolean as text; anything else is no key. */
function memberOf({ given }: OperationRequest, part: string, name: string): string | undefined {
  const values: unknown = Reflect.get(Object(given), part);
  if (typeof values !== 'object' || values === null || !Object.hasOwn(values, name)) return undefined;
  const value: unknown = Reflect.get(values, name);
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : undefined;
}
