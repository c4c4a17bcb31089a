import {
  flag,
  isSchema,
  millisecondsIn,
  oneOf,
  optional,
  type Rule,
  type StandardSchema,
  unknownName,
} from '@fwk/kernel';
import { contentOf } from './content.js';
import { checkErrors } from './error-spec.js';
import { headerNameFault } from './header-field.js';
import { isStreamOf } from './item-stream.js';
import type { Operation, OperationSpec } from './operation.js';
import { parsePath } from './path-template.js';
import { checkResponses } from './response-spec.js';
import { schemaFields } from './schema-fields.js';

const schema: Rule = (value) =>
  isSchema(value) ? undefined : 'a Standard Schema validator, such as z.object({ … }) of zod';

const valueSchema: Rule = (value) =>
  isSchema(value) && contentOf(value).kind === 'json' ? undefined : 'a Standard Schema validator of an object';

/** @param makers - what else makes one. */
const streamMadeBy =
  (makers: string): Rule =>
  (value) =>
    (isSchema(value) && contentOf(value).kind === 'json') || isStreamOf(value)
      ? undefined
      : `a Standard Schema validator of its items, or what ${makers} made`;

const rules: { readonly [Field in keyof OperationSpec]-?: Rule } = {
  params: optional(valueSchema),
  query: optional(valueSchema),
  headers: optional(valueSchema),
  body: optional(schema),
  response: optional(schema),
  // These two are looked at in detail below.
  responses: () => undefined,
  errors: () => undefined,
  stream: optional(streamMadeBy('streamOf()')),
  bodyStream: optional(streamMadeBy('streamOf() or upload()')),
  idempotent: optional(flag),
  idempotencyKey: optional(flag),
  priority: optional(oneOf('critical', 'default', 'sheddable', 'background')),
  timeoutMs: optional(millisecondsIn(1, 3_600_000)),
};

const nameForm = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/** Names that mean something to the language: a client with a method `then` would be taken for a promise. */
const reserved = new Set([
  'then',
  'catch',
  'finally',
  'constructor',
  'toString',
  'toJSON',
  'valueOf',
  'hasOwnProperty',
]);

/** Everything that is wrong with one operation, in words that follow its name. */
export function checkOperation(name: string, operation: Operation | undefined): string[] {
  if (!nameForm.test(name) || reserved.has(name)) return ['is no name that an operation may have'];
  if (typeof operation?.method !== 'string' || typeof operation.spec !== 'object' || operation.spec === null) {
    return ['must be made by get, post, put, patch or del'];
  }
  const { method, path, spec } = operation;
  const problems: string[] = [];
  const template = parsePath(path);
  if (typeof template === 'string') problems.push(`has a bad path ${JSON.stringify(path)}: it ${template}`);
  else problems.push(...checkParams(template.parameters, spec.params));
  for (const [field, value] of Object.entries(spec)) {
    const rule = Object.hasOwn(rules, field) ? rules[field as keyof OperationSpec] : undefined;
    const range = rule?.(value);
    if (!rule) problems.push(unknownName('has an unknown option', field, Object.keys(rules)));
    else if (range) problems.push(`has a bad ${field}: it must be ${range}`);
  }
  if (spec.responses !== undefined) problems.push(...checkResponses(spec.responses));
  if (spec.responses && spec.response) problems.push('has both response and responses: say all answers in responses');
  if (spec.errors !== undefined) problems.push(...checkErrors(spec.errors));
  if (isSchema(spec.headers)) problems.push(...checkHeaders(spec.headers));
  problems.push(...checkStreams(spec));
  if ((method === 'GET' || method === 'DELETE') && (spec.body || spec.bodyStream))
    problems.push(`may have no body, being a ${method}`);
  if (spec.idempotencyKey && (method === 'GET' || method === 'DELETE')) {
    problems.push(`needs no idempotencyKey, being a ${method}`);
  }
  if (spec.idempotencyKey && answersBytes(spec)) {
    problems.push('has an idempotencyKey and answers bytes, which are not kept: answer them by another operation');
  }
  if (spec.idempotencyKey && spec.idempotent === false) {
    problems.push('is idempotent by its idempotencyKey; it cannot be idempotent: false');
  }
  return problems;
}

function answersBytes({ response, responses }: OperationSpec): boolean {
  const bodies = Object.values(responses ?? {}).map((given) => (isSchema(given) ? given : given?.body));
  return [response, ...bodies].some((schema) => isSchema(schema) && contentOf(schema).kind === 'bytes');
}

/** What cannot stand together with a stream. */
function checkStreams(spec: OperationSpec): string[] {
  const { stream, bodyStream, body, response, responses, idempotencyKey, idempotent } = spec;
  const problems: string[] = [];
  if (stream && (response || responses)) problems.push('has a stream and a response: an answer is one or the other');
  if (bodyStream && body) problems.push('has a bodyStream and a body: a body is one or the other');
  if ((stream || bodyStream) && idempotencyKey) {
    problems.push('is a stream, whose answer cannot be kept: it may have no idempotencyKey');
  }
  if (bodyStream && idempotent)
    problems.push('has a body that is sent once: with a bodyStream it cannot be idempotent: true');
  if (isStreamOf(bodyStream) && (bodyStream.options.id || bodyStream.options.as === 'events')) {
    problems.push('has a bodyStream with id or as: bodies are lines of JSON, and cannot be resumed');
  }
  if (isStreamOf(stream) && contentOf(stream.schema).kind === 'bytes') {
    problems.push('has an upload as its stream: only a body can be one');
  }
  return problems;
}

function checkParams(inPath: readonly string[], params: StandardSchema | undefined): string[] {
  if (!params) {
    if (inPath.length === 0) return [];
    return [`has the path parameter${inPath.length > 1 ? 's' : ''} ${list(inPath)} but no params schema`];
  }
  if (inPath.length === 0) return ['has a params schema but no parameter in its path'];
  const inSchema = schemaFields(params);
  if (!inSchema) return [];
  const missing = inPath.filter((name) => !inSchema.includes(name));
  const extra = inSchema.filter((name) => !inPath.includes(name));
  return [
    ...(missing.length > 0 ? [`has ${list(missing)} in its path but not in its params schema`] : []),
    ...(extra.length > 0 ? [`has ${list(extra)} in its params schema but not in its path`] : []),
  ];
}

/** What clients could never send, or would send under another name. */
function checkHeaders(headers: StandardSchema): string[] {
  return (schemaFields(headers) ?? []).flatMap((name) => {
    if (name !== name.toLowerCase()) return [`has the header ${JSON.stringify(name)}: names must be in lower case`];
    const fault = headerNameFault(name);
    return fault === undefined ? [] : [`has the header ${JSON.stringify(name)}, which ${fault}`];
  });
}

function list(names: readonly string[]): string {
  return names.map((name) => `:${name}`).join(', ');
}
