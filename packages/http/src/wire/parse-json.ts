/**
 * Parses JSON that came from outside. A `__proto__` key is refused: it is harmless here, but not to code that copies
 * what it was given field by field.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return suspicious.test(text) ? JSON.parse(text, refusePrototype) : JSON.parse(text);
}

/** `__proto__`, also with letters written as escapes. Only texts that match pay for a reviver. */
const suspicious = /(?:_|\\u005[Ff]){2}(?:p|\\u0070)/;

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('the key __proto__ is not allowed');
  return value;
}
