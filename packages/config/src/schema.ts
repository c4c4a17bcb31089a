/**
 * Validators come to us through Standard Schema 1.1 (https://standardschema.dev), so that zod, valibot, arktype or a
 * hand-written object all fit and none is imported. The interface is small enough to be stated here.
 */
import { abandonOnCancel, type CallContext, messageOf } from '@fwk/kernel';
import { ConfigError } from './errors.js';

/** A validator. `validate` answers a value or issues, at once or later. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** Never set; carries the types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator answers: `issues` is present exactly when the value is refused. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that a validator found wrong. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The path of an issue as the rest of this package writes it. */
export function issuePath(issue: StandardIssue): string[] {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
}

/**
 * Runs the schema; ends at once when the context is cancelled, with the caller's own reason.
 * @throws ConfigError `FWK_CONFIG_SCHEMA_FAILED` when the schema throws.
 */
export async function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  call: CallContext,
): Promise<StandardResult<Output>> {
  const answer = ask(schema, value);
  if (!(answer instanceof Promise)) return answer;
  try {
    return await abandonOnCancel(call, answer);
  } catch (error) {
    throw call.cancelled ? error : schemaFailed(error);
  }
}

/**
 * Runs a schema that has to answer at once.
 * @param what - who needs it, for the message.
 * @throws ConfigError `FWK_CONFIG_SETTINGS_ASYNC` when it answers a promise, `FWK_CONFIG_SCHEMA_FAILED` when it throws.
 */
export function validateNow<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  what: string,
): StandardResult<Output> {
  const answer = ask(schema, value);
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => {});
  throw new ConfigError(
    'FWK_CONFIG_SETTINGS_ASYNC',
    `${what}: the schema answers asynchronously; make it synchronous, or check it in the schema of the whole`,
  );
}

function ask<Output>(schema: StandardSchema<unknown, Output>, value: unknown) {
  try {
    const answer = schema['~standard'].validate(value);
    return isThenable(answer) ? Promise.resolve(answer) : (answer as StandardResult<Output>);
  } catch (error) {
    throw schemaFailed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<never> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function schemaFailed(cause: unknown): ConfigError {
  // What a schema throws may quote the value, which may be secret: it is the cause, not the message.
  const kind = cause instanceof Error ? cause.name : messageOf(typeof cause);
  return new ConfigError('FWK_CONFIG_SCHEMA_FAILED', `the schema threw (${kind}) instead of answering with issues`, {
    cause,
  });
}
