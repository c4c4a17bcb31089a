import { readFile } from 'node:fs/promises';
import { parseJson } from '@fwk/kernel';

/** Whether a file is data and no module. */
export function isDocumentPath(path: string): boolean {
  return /\.(?:json|ya?ml)$/i.test(path);
}

/** Reads a file of JSON or, by its name, of YAML. */
export async function readDocument(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  if (/\.json$/i.test(path)) return parseJson(text);
  const { readOpenApi } = await import('../openapi/read-document.js');
  return readOpenApi(text);
}
