/** What a call travels over: HTTP/1.1; Mux, the session protocol of Finagle; or no connection at all, within one process. */
export type Wire = 'http' | 'mux' | 'local';

const onlyHttp: readonly Wire[] = Object.freeze(['http'] as const);
/** Most characters of a list of wires; a longer text is ignored. */
const MAX_LENGTH = 200;

/**
 * Reads which wires an instance serves from its metadata.
 * @param text - names separated by commas, such as `http,mux`. Unknown names are ignored: instances of a newer version may serve
 * wires that this one does not know. So is `local`: no registry says what runs in this process.
 * @returns the wires, each once; HTTP alone where no known one is named.
 */
export function readWires(text: string | undefined): readonly Wire[] {
  if (text === undefined || text.length > MAX_LENGTH) return onlyHttp;
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const wires = [...new Set(words)].filter((word) => word === 'http' || word === 'mux');
  return wires.length === 0 ? onlyHttp : Object.freeze(wires);
}
