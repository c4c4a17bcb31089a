/**
 * The fast path for log fields: numbers, booleans and short texts become JSON in one pass, without a copy, secrets masked. Most
 * lines have only such fields. For all others the caller takes the slow path, which copies and masks values of any shape.
 */
import { isSecretName, mask, redactText } from '@fwk/kernel';
import { jsonText } from './json-text.js';

/** Most fields, and the longest name and text, that are taken. */
const maxFields = 30;
const maxNameLength = 200;
const maxLength = 1000;

/**
 * Members of an object as JSON, a comma in front of each.
 * @param taken - true for a name that the line has already.
 * @returns undefined for fields that need the slow path.
 */
export function flatMembers(fields: object, taken: (name: string) => boolean): string | undefined {
  let text = '';
  let left = maxFields;
  for (const name in fields) {
    const value: unknown = Reflect.get(fields, name);
    // In `{ name: 'password', value: '…' }` the name decides whether the value is a secret: the slow path looks at both.
    if (left-- === 0 || name === 'value' || !isPlainName(name) || taken(name)) return undefined;
    switch (typeof value) {
      case 'string':
        if (value.length > maxLength) return undefined;
        text += `,${jsonText(name)}:${value !== '' && isSecretName(name, value) ? maskJson : jsonText(redactText(value))}`;
        break;
      case 'number':
        if (!Number.isFinite(value)) return undefined;
        text += `,${jsonText(name)}:${isSecretName(name, value) ? maskJson : value}`;
        break;
      case 'boolean':
        text += `,${jsonText(name)}:${value}`;
        break;
      default:
        return undefined;
    }
  }
  return text;
}

const maskJson = jsonText(mask);

/** Other names are cut or masked, and two of them might become equal: the slow path keeps them apart. */
function isPlainName(name: string): boolean {
  return name.length <= maxNameLength && redactText(name) === name;
}

/** True for a plain object: what it logs is only its own fields. */
export function isFlat(fields: unknown): fields is object {
  if (typeof fields !== 'object' || fields === null) return false;
  const prototype: unknown = Object.getPrototypeOf(fields);
  return prototype === Object.prototype;
}
