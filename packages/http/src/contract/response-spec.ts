/** The answers of an operation by status: what a contract says of them, and what is worked out of that. */
import { isSchema, type StandardSchema, unknownName } from '@fwk/kernel';
import { type Content, contentOf } from './content.js';
import { headerNameFault } from './header-field.js';
import { schemaFields } from './schema-fields.js';

/** One answer, where it has headers, or no body. */
export interface ResponseSpec {
  /** Validates the body; see `response`. @defaultValue the answer has no body */
  readonly body?: StandardSchema;
  /**
   * Validates headers, an object of text by names in lower case, each of which it must name. Handlers give them and callers get
   * them as `headers`; what it does not name is not sent.
   */
  readonly headers?: StandardSchema;
}

/** Answers by status: the schema of a body, or more. */
export type ResponseSpecs = Readonly<Record<number, StandardSchema | ResponseSpec>>;

/** One answer with everything worked out. */
export interface ResponsePlan {
  readonly status: number;
  readonly body: StandardSchema | undefined;
  readonly content: Content;
  readonly headers: StandardSchema | undefined;
  readonly headerNames: readonly string[];
}

/** The answers of an operation that are more than a value as JSON. */
export interface AnswerPlans {
  /** Whether handlers answer and callers get the body alone, since there is one answer. */
  readonly bare: boolean;
  readonly byStatus: ReadonlyMap<number, ResponsePlan>;
}

/** Statuses whose answers have no body. */
const bodiless: readonly number[] = [204, 205, 304];
/** Headers that no schema can say. */
const unsayable: Readonly<Record<string, string>> = {
  'set-cookie': 'may stand there several times, which an object cannot say',
  date: 'is written by the server itself',
};

/** What is wrong with the answers of one operation, in words that follow its name. */
export function checkResponses(responses: unknown): string[] {
  if (typeof responses !== 'object' || responses === null || isSchema(responses)) {
    return ['has bad responses: they must be an object of answers by status'];
  }
  const entries = Object.entries(responses);
  if (entries.length === 0) return ['has no status among its responses'];
  return entries.flatMap(([key, given]: [string, unknown]) => {
    const status = Number(key);
    if (!/^[23]\d\d$/.test(key)) {
      return [
        `has the response ${JSON.stringify(key)}: a status is a whole number from 200 to 399; from 400 on they are errors`,
      ];
    }
    const place = `of the response ${key}`;
    if (typeof given !== 'object' && typeof given !== 'function') return [`has a bad schema ${place}`];
    if (given === null) return [`has a bad schema ${place}: say {} for an answer without a body`];
    const spec = specOf(given);
    const unknown = Object.keys(spec).filter((field) => field !== 'body' && field !== 'headers');
    return [
      ...unknown.map((field) =>
        unknownName(`has in its response ${key} an unknown option`, field, ['body', 'headers']),
      ),
      ...(['body', 'headers'] as const)
        .filter((field) => spec[field] !== undefined && !isSchema(spec[field]))
        .map((field) => `has a bad ${field} ${place}: it must be a Standard Schema validator`),
      ...(spec.body !== undefined && bodiless.includes(status) ? [`has a body ${place}, which cannot have one`] : []),
      ...(isSchema(spec.headers) ? checkHeaders(spec.headers, place) : []),
    ];
  });
}

function checkHeaders(headers: StandardSchema, place: string): string[] {
  const names = schemaFields(headers);
  if (!names) return [`has headers ${place} whose names cannot be seen: give a schema of an object with fields`];
  return names.flatMap((name) => {
    const shown = `has the header ${JSON.stringify(name)} ${place}`;
    if (name !== name.toLowerCase()) return [`${shown}: names must be in lower case`];
    const fault = (Object.hasOwn(unsayable, name) ? unsayable[name] : undefined) ?? headerNameFault(name);
    return fault === undefined ? [] : [`${shown}, which ${fault}`];
  });
}

/** Works the answers out; undefined for an operation that answers a value as JSON, or nothing. */
export function answerPlans(
  response: StandardSchema | undefined,
  responses: ResponseSpecs | undefined,
): AnswerPlans | undefined {
  if (responses) {
    const plans = Object.entries(responses).map(([status, given]) => responsePlan(Number(status), specOf(given)));
    return Object.freeze({ bare: false, byStatus: new Map(plans.map((plan) => [plan.status, plan])) });
  }
  const isJson = contentOf(response).kind === 'json';
  return isJson
    ? undefined
    : Object.freeze({ bare: true, byStatus: new Map([[200, responsePlan(200, { body: response })]]) });
}

function responsePlan(
  status: number,
  { body, headers }: { readonly body?: StandardSchema | undefined; readonly headers?: StandardSchema },
): ResponsePlan {
  return Object.freeze({
    status,
    body,
    content: contentOf(body),
    headers,
    headerNames: (headers && schemaFields(headers)) ?? [],
  });
}

function specOf(given: StandardSchema | ResponseSpec | object): ResponseSpec {
  return isSchema(given) ? { body: given } : given;
}
