/** Runs validators: bounded by the call, and with errors that do not quote a value, which may be secret. */
import {
  abandonOnCancel,
  type CallContext,
  messageOf,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
} from '@fwk/kernel';
import { ConfigError } from '../errors.js';

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
    return resultOf(await abandonOnCancel(call, answer));
  } catch (error) {
    throw call.cancelled || error instanceof ConfigError ? error : schemaFailed(error);
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
    return isThenable(answer) ? Promise.resolve(answer) : resultOf(answer as StandardResult<Output>);
  } catch (error) {
    throw error instanceof ConfigError ? error : schemaFailed(error);
  }
}

/**
 * What a schema answers, which may come from anybody's code: with issues that have words and, where they name one, a list as path.
 * @throws ConfigError `FWK_CONFIG_SCHEMA_FAILED` for what is neither a value nor issues.
 */
function resultOf<Output>(answer: StandardResult<Output>): StandardResult<Output> {
  const given: unknown = answer;
  const issues = typeof given === 'object' && given !== null && 'issues' in given ? given.issues : undefined;
  // A plain list, also of a list that would make another of its own kind (arktype has such).
  if (Array.isArray(issues)) return { issues: issues.length > 0 ? Array.from(issues, issueOf) : [issueOf(undefined)] };
  if (issues === undefined && typeof given === 'object' && given !== null && 'value' in given) return answer;
  throw new ConfigError(
    'FWK_CONFIG_SCHEMA_FAILED',
    'the schema answered neither a value nor a list of issues; correct it',
  );
}

function issueOf(issue: unknown): StandardIssue {
  const { message, path } = Object(issue) as Partial<StandardIssue>;
  const words = typeof message === 'string' ? message : 'is not valid';
  const steps = Array.isArray(path) && path.every((step) => step !== null && step !== undefined) ? path : undefined;
  if (words === message && steps === path) return issue as StandardIssue;
  return { message: words, path: steps };
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
