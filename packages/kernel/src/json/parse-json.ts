/**
 * Parses JSON that came from outside. A `__proto__` key is refused: it is harmless here, but not to code that copies
 * what it was given field by field. Costs two searches of the text beside the parsing, also for a hostile one.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Most texts have neither, and a plain search is many times faster than the expression.
  if ((text.includes('__proto__') || text.includes('\\u00')) && prototypeKey.test(text)) {
    throw new SyntaxError('the key __proto__ is not allowed');
  }
  return value;
}

/**
 * The key `__proto__`, also with letters written as escapes. In a text that is JSON this finds keys and nothing else: a
 * quote without a backslash before it begins or ends a string, and only a key is followed by a colon.
 */
const prototypeKey =
  /(?<!\\)"(?:_|\\u005[Ff]){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[Ff])(?:t|\\u0074)(?:o|\\u006[Ff])(?:_|\\u005[Ff]){2}"[\t\n\r ]*:/;
