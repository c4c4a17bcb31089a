/** The code of an error of Node or the system, such as `ENOENT`; undefined for anything without one. Never throws. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
