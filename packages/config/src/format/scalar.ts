/**
 * The value of an environment variable as YAML 1.2 (core schema) reads a single value, cut down to what is safe to
 * guess: numbers and booleans. `null`, `yes`, dates and everything else stay text. A number that would not come back
 * as it was written in digits (leading zeros, beyond 2^53) stays text too: it is a code, not a quantity. Quotes force
 * text: `'"12"'`.
 */
export function parseScalar(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (/^(true|True|TRUE)$/.test(trimmed)) return true;
  if (/^(false|False|FALSE)$/.test(trimmed)) return false;
  if (/^[-+]?([1-9][0-9]*|0)$/.test(trimmed) || /^0o[0-7]+$/.test(trimmed) || /^0x[0-9a-fA-F]+$/.test(trimmed)) {
    const whole = Number(trimmed);
    return Number.isSafeInteger(whole) ? whole : text;
  }
  if (/^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    return Number.isFinite(number) ? number : text;
  }
  return unquoted(trimmed) ?? text;
}

/** What stands between matching quotes; nothing when there are none. Only quotes themselves are escaped in it. */
export function unquoted(text: string): string | undefined {
  if (text.length < 2) return undefined;
  if (text.startsWith("'") && text.endsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (text.startsWith('"') && text.endsWith('"')) return text.slice(1, -1).replaceAll('\\"', '"');
  return undefined;
}
