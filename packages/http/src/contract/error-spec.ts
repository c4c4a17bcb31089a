/** Errors that an operation declares: what a contract says of them, and what is worked out of that. */
import { type ErrorTraits, isSchema, type StandardSchema, unknownName } from '@fwk/kernel';
import { contentOf } from './content.js';
import { traitsOfStatus } from './status-traits.js';

/** What is known of one error of an operation. */
export interface ErrorSpec {
  /** The status that it is answered with, 400 to 599. */
  readonly status: number;
  /**
   * Validates what the error carries, which becomes the member `data` of the problem document. What the schema answers is
   * sent, and it must accept its own output again. @defaultValue the error carries nothing
   */
  readonly data?: StandardSchema;
  /** The kind of problem in words, the same for each occurrence. @defaultValue its name in words: `OutOfStock` is `Out of stock` */
  readonly title?: string;
  /** URI by which clients know the error. @defaultValue `urn:fwk:problem:<contract>:<name>` */
  readonly type?: string;
  /** Whether it counts against the callee, for breakers and the like. @defaultValue true from 500 on, and for 408, 425 and 429 */
  readonly failure?: boolean;
  /** Whether another attempt may succeed. @defaultValue true for 408, 425, 429 and from 500 on, but for 501 and 505 */
  readonly retryable?: boolean;
}

/** Errors by name. */
export type ErrorSpecs = Readonly<Record<string, ErrorSpec>>;

/** One error with everything worked out. */
export interface ErrorPlan {
  /** `OutOfStock` */
  readonly name: string;
  /** `inventory.OutOfStock`: the same in each copy of a contract, also in another copy of this package. */
  readonly id: string;
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly data: StandardSchema | undefined;
  /** @param retryAfterMs - when to try again, in milliseconds, where the error says so. */
  traits(retryAfterMs: number | undefined): ErrorTraits;
}

const nameForm = /^[A-Z][A-Za-z0-9]{0,63}$/;
const titleForm = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
const typeForm = /^[\x21-\x7e]{1,500}$/;
/** The types of the framework's own problems begin so. */
const ownTypes = 'urn:fwk:';

const known: Readonly<Record<keyof ErrorSpec, (value: unknown) => string | undefined>> = {
  status: (value) => (isErrorStatus(value) ? undefined : 'a whole number from 400 to 599'),
  data: (value) => (value === undefined || isJsonSchema(value) ? undefined : 'a Standard Schema validator of JSON'),
  title: (value) => (value === undefined || isText(value, titleForm) ? undefined : 'a line of 1 to 200 characters'),
  type: (value) =>
    value === undefined || isType(value) ? undefined : `an absolute URI that does not begin with "${ownTypes}"`,
  failure: (value) => (value === undefined || typeof value === 'boolean' ? undefined : 'true or false'),
  retryable: (value) => (value === undefined || typeof value === 'boolean' ? undefined : 'true or false'),
};

function isJsonSchema(value: unknown): boolean {
  return isSchema(value) && contentOf(value).kind === 'json';
}

function isErrorStatus(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isType(value: unknown): boolean {
  return isText(value, typeForm) && URL.canParse(value) && !value.startsWith(ownTypes) && value !== 'about:blank';
}

/** What is wrong with the errors of one operation, in words that follow its name. */
export function checkErrors(errors: unknown): string[] {
  if (typeof errors !== 'object' || errors === null)
    return ['has bad errors: they must be an object of errors by name'];
  const types = new Map<string, string>();
  return Object.entries(errors).flatMap(([name, spec]: [string, unknown]) => {
    if (!nameForm.test(name)) {
      return [
        `has the error ${JSON.stringify(name)}: a name is a capital letter and up to 63 letters and digits, such as OutOfStock`,
      ];
    }
    if (typeof spec !== 'object' || spec === null)
      return [`has a bad error ${name}: it must be an object with a status`];
    return [...checkSpec(name, spec), ...checkType(name, spec as ErrorSpec, types)];
  });
}

function checkSpec(name: string, spec: object): string[] {
  const unknown = Object.keys(spec).filter((field) => !Object.hasOwn(known, field));
  const bad = Object.entries(known).flatMap(([field, rule]) => {
    const range = rule(Reflect.get(spec, field));
    return range === undefined ? [] : [`has a bad ${field} of the error ${name}: it must be ${range}`];
  });
  const options = Object.keys(known);
  return [...bad, ...unknown.map((field) => unknownName(`has in its error ${name} an unknown option`, field, options))];
}

/** Clients tell errors apart by their types. */
function checkType(name: string, { type }: ErrorSpec, types: Map<string, string>): string[] {
  if (type === undefined) return [];
  const other = types.get(type);
  types.set(type, name);
  return other === undefined
    ? []
    : [`has the same type for the errors ${other} and ${name}, so that clients cannot tell them apart`];
}

/** Works an error out. */
export function errorPlan(contract: string, name: string, spec: ErrorSpec): ErrorPlan {
  const { status, data, failure, retryable } = spec;
  return Object.freeze({
    name,
    id: `${contract}.${name}`,
    status,
    type: spec.type ?? `urn:fwk:problem:${contract}:${name}`,
    title: spec.title ?? inWords(name),
    data,
    traits: (retryAfterMs: number | undefined) =>
      declaredTraits(traitsOfStatus(status, retryAfterMs), failure, retryable),
  });
}

/** What the status says, but for what the contract says. */
function declaredTraits(
  { outcome, overloaded, ...usual }: ErrorTraits,
  failure = outcome !== 'ignored',
  retryable = usual.retryable ?? false,
): ErrorTraits {
  if (!failure) return { ...usual, outcome: 'ignored', retryable };
  return { ...usual, ...(overloaded && { overloaded }), retryable };
}

/** `OutOfStock` in words: `Out of stock`. */
function inWords(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}
