let loading: Promise<typeof import('undici')> | undefined;

/** Bun answers `undici` with a stand-in whose dispatchers send nothing; by the name of its file it loads what is installed. */
async function importUndici(): Promise<typeof import('undici')> {
  const found = await import('undici');
  return 'dispatch' in found.Client.prototype ? found : import('undici/index.js');
}

/** undici, imported when it is first needed. */
export function loadUndici(): Promise<typeof import('undici')> {
  loading ??= importUndici();
  return loading;
}
