let loading: Promise<typeof import('undici')> | undefined;

/** Bun replaces `undici` by a module whose dispatchers send nothing. Imported by its file name, the installed one is loaded. */
async function importUndici(): Promise<typeof import('undici')> {
  const found = await import('undici');
  return 'dispatch' in found.Client.prototype ? found : import('undici/index.js');
}

/** undici, imported when it is first needed. */
export function loadUndici(): Promise<typeof import('undici')> {
  loading ??= importUndici();
  return loading;
}
