import { camelCase, UniqueNames } from './import-names.js';
import type { GivenOperation } from './imported-operations.js';
import { textIn } from './open-document.js';

const nameForm = /^[a-zA-Z][a-zA-Z0-9_]*$/;
/** Names that contracts refuse, since JavaScript gives them a meaning. */
const reserved = ['then', 'catch', 'finally', 'constructor', 'toString', 'toJSON', 'valueOf', 'hasOwnProperty'];

/**
 * Names operations: by their `operationId` where contracts can have it, by method and path where there is none.
 * @param tell - told of each name that is not the document's.
 * @returns one name for each operation, in their order
 */
export function operationNames(
  operations: readonly GivenOperation[],
  tell: (place: string, why: string) => void,
): readonly string[] {
  const names = new UniqueNames(reserved);
  return operations.map(({ method, route, operation: { value, place } }) => {
    const id = textIn(value, 'operationId');
    const made = camelCase(id ?? '') || camelCase(`${method.toLowerCase()} ${route}`);
    const wanted = id !== undefined && nameForm.test(id) && id.length <= 200 ? id : made;
    const name = names.give(/^[a-zA-Z]/.test(wanted) ? wanted : `operation${wanted}`);
    if (name !== id) tell(place, `${whyOf(id, id === wanted)}; it is called ${name}`);
    return name;
  });
}

function whyOf(id: string | undefined, isDuplicate: boolean): string {
  if (id === undefined) return 'has no operationId';
  const shown = `the operationId ${JSON.stringify(id.slice(0, 100))}`;
  return isDuplicate
    ? `has ${shown}, which is taken already or reserved`
    : `has ${shown}, which is no name that an operation may have`;
}
