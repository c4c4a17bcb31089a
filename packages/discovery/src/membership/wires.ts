/** A protocol that calls are made over: HTTP/1.1, or Mux, the session protocol of Finagle. */
export type Wire = 'http' | 'mux';

const onlyHttp: readonly Wire[] = Object.freeze(['http'] as const);
/** More than this is no list of wires; longer text is not looked at. */
const MAX_LENGTH = 200;

/**
 * Reads which wires an instance serves from its metadata.
 * @param text - words parted by commas, such as `http,mux`; words that are no wire are ignored, since instances need not be of
 * one version.
 * @returns the wires, each once; HTTP alone where nothing is said that is understood.
 */
export function readWires(text: string | undefined): readonly Wire[] {
  if (text === undefined || text.length > MAX_LENGTH) return onlyHttp;
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const wires = [...new Set(words)].filter((word) => word === 'http' || word === 'mux');
  return wires.length === 0 ? onlyHttp : Object.freeze(wires);
}
