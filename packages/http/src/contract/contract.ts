/**
 * The unit that teams share: name, version, operations with their schemas. It types both ends, and is ordinary data that
 * fits in an npm package of its own. Everything that can be wrong with it is found here, when it is built, and reported
 * at once; what clients and servers need on a call is worked out here too.
 */
import { type Priority, type StandardSchema, semanticVersion, showValue, unknownName } from '@fwk/kernel';
import { type Content, contentOf } from './content.js';
import { ContractError } from './contract-error.js';
import { DeclaredErrors } from './declared-errors.js';
import type { ErrorPlan } from './error-spec.js';
import type { ErrorClasses } from './error-types.js';
import { type StreamPlan, streamPlan } from './item-stream.js';
import { type Separators, separatorsOf } from './list-separators.js';
import { partsOf } from './nested-names.js';
import type { Method, Operation } from './operation.js';
import { checkOperation } from './operation-check.js';
import { type PathTemplate, parsePath } from './path-template.js';
import { type AnswerPlans, answerPlans } from './response-spec.js';
import { schemaFields } from './schema-fields.js';

/** Operations by name. */
export type Operations = Readonly<Record<string, Operation>>;

/** A checked contract. */
export interface Contract<Ops extends Operations = Operations> {
  readonly kind: 'fwk.contract';
  /** Also the name of the service that clients look for. */
  readonly name: string;
  /** Semantic version of the contract, not of the service. */
  readonly version: string;
  readonly operations: Ops;
  /** Every operation as clients and servers work with it, in the order in which they were written. */
  readonly plans: readonly OperationPlan[];
  /** The errors that its operations declare, as classes by name. */
  readonly errors: ErrorClasses<Ops>;
}

/** One operation with everything worked out. */
export interface OperationPlan<M extends string = Method> {
  /** `stock` */
  readonly name: string;
  /** `inventory.stock`, for messages, metrics and traces. */
  readonly id: string;
  readonly method: M;
  readonly template: PathTemplate;
  readonly params: StandardSchema | undefined;
  readonly query: StandardSchema | undefined;
  /** The names in brackets that its schema names as they are; any other such name is nested. @defaultValue none */
  readonly plainNames?: ReadonlySet<string> | undefined;
  /** By name, what stands between the members of a list that is one text in the query. */
  readonly separators: Separators | undefined;
  readonly headers: StandardSchema | undefined;
  /** The headers that its schema names; undefined where it is shown all of them. */
  readonly headerNames: readonly string[] | undefined;
  readonly body: StandardSchema | undefined;
  /** What the body is on the wire. */
  readonly content: Content;
  readonly response: StandardSchema | undefined;
  /** Its answers, where they are more than a value as JSON. */
  readonly answers: AnswerPlans | undefined;
  /** The errors that it declares; undefined where it declares none. */
  readonly errors: readonly ErrorPlan[] | undefined;
  /** Where the answer is a stream. */
  readonly stream?: StreamPlan | undefined;
  /** Where the body is a stream. */
  readonly bodyStream?: StreamPlan | undefined;
  readonly idempotent: boolean;
  readonly idempotencyKey: boolean;
  readonly priority: Priority | undefined;
  readonly timeoutMs: number | undefined;
}

/** What {@link contract} is given beside the name. */
export interface ContractSpec<Ops extends Operations> {
  /** Semantic version of the contract, such as `1.4.0`. */
  readonly version: string;
  readonly operations: Ops;
}

const nameForm = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/;

/**
 * Makes a contract.
 * @param name - lowercase words joined by `-` or `.`, at most 63 characters; services are found by it.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID` with all problems at once.
 * @example contract('inventory', { version: '1.4.0', operations: { stock: get('/stock/:sku', { params, response }) } })
 */
export function contract<const Ops extends Operations>(name: string, spec: ContractSpec<Ops>): Contract<Ops> {
  const problems: string[] = [];
  if (typeof name !== 'string' || name.length > 63 || !nameForm.test(name)) {
    const first =
      typeof name === 'string' ? '' : `, not ${showValue(name)}; write contract(name, { version, operations })`;
    problems.push(`its name must be lowercase letters and digits, joined by "-" or ".", at most 63 characters${first}`);
  }
  const { version, operations, ...others } = spec ?? {};
  for (const field of Object.keys(others)) {
    problems.push(unknownName('it has an unknown option', field, ['version', 'operations']));
  }
  const range = semanticVersion(version);
  if (range) problems.push(`version must be ${range}, not ${JSON.stringify(version)}`);
  const entries = typeof operations === 'object' && operations !== null ? Object.entries(operations) : [];
  if (entries.length === 0) problems.push('operations must hold at least one operation');
  const plans: OperationPlan[] = [];
  const errors = new DeclaredErrors(name);
  const taken = new Map<string, string>();
  for (const [operationName, operation] of entries) {
    const found = [...checkOperation(operationName, operation), ...errors.add(operationName, operation)];
    problems.push(...found.map((problem) => `${operationName} ${problem}`));
    // Nothing is worked out of what is wrong.
    const isWell = found.length === 0;
    const template = parsePath(operation?.path);
    if (typeof template === 'string') continue;
    const route = `${operation.method} ${template.shape}`;
    const other = taken.get(route);
    if (other !== undefined) {
      problems.push(`${operationName} has the same method and path as ${other}: ${operation.method} ${template.path}`);
    }
    taken.set(route, operationName);
    if (isWell) plans.push(planOf(name, operationName, operation, template, errors));
  }
  if (problems.length > 0) throw new ContractError(typeof name === 'string' ? `"${name}"` : 'without a name', problems);
  return Object.freeze({
    kind: 'fwk.contract',
    name,
    version,
    operations: Object.freeze({ ...operations }),
    plans: Object.freeze(plans),
    errors: errors.classes as ErrorClasses<Ops>,
  });
}

function plainNames(query: StandardSchema | undefined): ReadonlySet<string> | undefined {
  const names = ((query && schemaFields(query)) ?? []).filter((name) => partsOf(name));
  return names.length > 0 ? new Set(names) : undefined;
}

function planOf(
  contract: string,
  name: string,
  operation: Operation,
  template: PathTemplate,
  errors: DeclaredErrors,
): OperationPlan {
  const { method, spec } = operation;
  const idempotencyKey = spec.idempotencyKey ?? false;
  return Object.freeze({
    name,
    id: `${contract}.${name}`,
    method,
    template,
    params: spec.params,
    query: spec.query,
    plainNames: plainNames(spec.query),
    separators: separatorsOf(spec.query),
    headers: spec.headers,
    headerNames: spec.headers && schemaFields(spec.headers),
    body: spec.body,
    content: contentOf(spec.body),
    response: spec.response,
    answers: answerPlans(spec.response, spec.responses),
    errors: errors.of(operation),
    stream: streamPlan(spec.stream),
    bodyStream: streamPlan(spec.bodyStream),
    // A body that is sent once cannot be sent again.
    idempotent: spec.idempotent ?? (idempotencyKey || (method !== 'POST' && method !== 'PATCH' && !spec.bodyStream)),
    idempotencyKey,
    priority: spec.priority,
    timeoutMs: spec.timeoutMs,
  });
}
