import { inspect } from 'node:util';
import type { kernelErrors } from '../errors/error-table.js';
import { FwkError } from '../errors/fwk-error.js';

/** A stack that cannot be put together or built. Raised where that is asked for, never by a call. */
export class StackError extends FwkError {
  declare readonly code: keyof typeof kernelErrors;
}

/** There is no layer of that role. */
export function roleUnknown(role: string, roles: readonly string[]): StackError {
  const message = `the stack has no layer of the role ${inspect(role)}; ${listed(roles)}`;
  return new StackError('FWK_KERNEL_ROLE_UNKNOWN', message, { details: { role, roles } });
}

/** Several layers are of that role. */
export function roleAmbiguous(role: string, roles: readonly string[]): StackError {
  const times = roles.filter((each) => each === role).length;
  const message = `the stack has ${times} layers of the role ${inspect(role)}, so it names none of them; ${listed(roles)}. Give each layer a role of its own`;
  return new StackError('FWK_KERNEL_ROLE_AMBIGUOUS', message, { details: { role, roles } });
}

/** Something else was given where a layer was expected. */
export function noLayer(given: unknown, missing: string): StackError {
  const message = `${shown(given)} is no layer: it has no ${missing}. Give an object with \`role\` and \`wrap(next, env)\``;
  return new StackError('FWK_KERNEL_LAYER_INVALID', message, { details: { missing } });
}

/** A layer was built and is no service. */
export function answeredNoService(role: string): StackError {
  const message = `\`wrap\` of the layer ${inspect(role)} answered no service. It must return an object with \`call(request, context)\` and \`status()\``;
  return new StackError('FWK_KERNEL_SERVICE_INVALID', message, { details: { role } });
}

/** Something else was given where the innermost service was expected. */
export function noService(given: unknown): StackError {
  const called =
    given instanceof Promise ? ' (what a function answered that was called: name it without parentheses)' : '';
  const message = `layers cannot stand round ${shown(given)}${called}. Give a function, or an object with \`call(request, context)\` and \`status()\``;
  return new StackError('FWK_KERNEL_SERVICE_INVALID', message);
}

/** Whether properties can be asked for; functions are meant to be called instead. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function listed(roles: readonly string[]): string {
  return roles.length === 0 ? 'it has no layers' : `it has, outermost first: ${roles.join(', ')}`;
}

function shown(given: unknown): string {
  if (isObject(given) && 'role' in given) return `the layer ${inspect(given.role)}`;
  return inspect(given, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}
