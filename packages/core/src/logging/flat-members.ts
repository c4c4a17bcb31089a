/**
 * The fields of most lines, numbers and short texts, as JSON without secrets, in one pass and without a copy. Of whatever else is
 * given it knows nothing, and leaves it to the careful way.
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
 * @returns undefined for fields that need the careful way.
 */
export function flatMembers(fields: object, taken: (name: string) => boolean): string | undefined {
  let text = '';
  let left = maxFields;
  for (const name in fields) {
    const value: unknown = Reflect.get(fields, name);
    // In a pair of a name and a value the one says what the other is.
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

/** Two names that are cut or masked might become one. */
function isPlainName(name: string): boolean {
  return name.length <= maxNameLength && redactText(name) === name;
}

/** True for an object that is nothing but its own fields. */
export function isFlat(fields: unknown): fields is object {
  if (typeof fields !== 'object' || fields === null) return false;
  const prototype: unknown = Object.getPrototypeOf(fields);
  return prototype === Object.prototype;
}
