/**
 * Parses JSON that came from outside. A `__proto__` key is refused: it is harmless here, but not to code that copies
 * what it was given field by field. Linear time: the keys are looked at after parsing, and only where the text may hold
 * such a key, since a reviver makes parsing many times slower.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // A key may be written with escapes.
  if (text.includes('__proto__') || text.includes('\\u00')) refusePrototype(value);
  return value;
}

function refusePrototype(value: unknown): void {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__')) throw new SyntaxError('the key __proto__ is not allowed');
    for (const member of Array.isArray(next) ? next : Object.values(next)) {
      if (typeof member === 'object' && member !== null) left.push(member);
    }
  }
}
