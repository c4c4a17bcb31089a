/** The names in a project, all made of the one that its user gave. */
import { builtinModules } from 'node:module';
import { NameInvalidError } from '../errors.js';

/** See the head of this file. */
export interface Names {
  /** Of the npm package: `order-desk`, `@acme/order-desk`. */
  readonly packageName: string;
  /** With its `@`; undefined where there is none. */
  readonly scope: string | undefined;
  /** Of the service, its contract and its folder: `order-desk`. */
  readonly name: string;
  /** In code: `orderDesk`. */
  readonly camel: string;
  /** Of classes: `OrderDesk`. */
  readonly pascal: string;
}

/** Services are found by their names, which are labels of DNS as well. */
const maxLength = 63;
/** Of npm, with the scope. */
const maxPackageLength = 214;
const nameForm = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const scopeForm = /^@[a-z0-9][a-z0-9_-]*$/;

/**
 * Reads a name.
 * @param given - `order-desk` or `@acme/order-desk`.
 * @throws NameInvalidError `FWK_CREATE_NAME_INVALID`
 */
export function namesOf(given: string): Names {
  const slash = given.indexOf('/');
  const [scope, name] = slash < 0 ? [undefined, given] : [given.slice(0, slash), given.slice(slash + 1)];
  const fault = faultOf(scope, name);
  if (fault !== undefined) throw new NameInvalidError(given.slice(0, maxPackageLength + 1), fault);
  const pascal = name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return { packageName: given, scope, name, pascal, camel: pascal.charAt(0).toLowerCase() + pascal.slice(1) };
}

function faultOf(scope: string | undefined, name: string): string | undefined {
  if (!nameForm.test(name) || (scope !== undefined && !scopeForm.test(scope))) {
    return 'it must be lower-case words of letters and digits joined by "-", such as order-desk or @acme/order-desk';
  }
  if (name.length > maxLength) return `it has ${name.length} characters, and ${maxLength} are the most`;
  if (scope === undefined) {
    if (builtinModules.includes(name)) return 'Node has a module of that name';
    return undefined;
  }
  const length = scope.length + 1 + name.length;
  return length > maxPackageLength ? `it has ${length} characters, and ${maxPackageLength} are the most` : undefined;
}
