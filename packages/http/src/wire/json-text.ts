/**
 * A value as JSON: dates as `toISOString` writes them, big integers as decimal text, which `z.coerce.bigint()` and others read.
 * Undefined for what has no form in JSON.
 * @throws TypeError for what holds itself
 */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Asking for each value costs most of the time that writing takes, so only where there may be one.
    return JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  }
}
