/** Finds the contract that a place on the command line means. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, OptionsError } from '@fwk/kernel';
import type { AnyContract } from '../contract/contract-types.js';
import type { ContractDescription } from '../evolution/contract-description.js';
import { isObject } from '../evolution/json-schema.js';
import { isDescription } from '../evolution/read-description.js';
import { isDocumentPath, readDocument } from './read-file.js';

/**
 * Reads a description or a document of OpenAPI, or imports a module and finds the contract in it.
 * @param place - `FILE` or `FILE#EXPORT`
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when there is none, or several and none is named.
 */
export async function loadContract(place: string): Promise<AnyContract | ContractDescription> {
  const at = place.lastIndexOf('#');
  const [path, name] = at > 0 ? [place.slice(0, at), place.slice(at + 1)] : [place, undefined];
  try {
    if (isDocumentPath(path)) return await contractOfDocument(path);
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    return contractIn(path, module as Readonly<Record<string, unknown>>, name);
  } catch (error) {
    if (error instanceof OptionsError) throw error;
    throw new OptionsError('fwk-contract', [`${path} cannot be read: ${messageOf(error)}`]);
  }
}

/** A file of JSON is what `describe` wrote, or a document of OpenAPI; one of YAML is such a document. */
async function contractOfDocument(path: string): Promise<AnyContract | ContractDescription> {
  const document = await readDocument(path);
  if (isObject(document) && (document.openapi !== undefined || document.swagger !== undefined)) {
    const { contractFromOpenApi } = await import('../openapi/contract-from-open-api.js');
    return contractFromOpenApi(document).contract;
  }
  if (isDescription(document)) return document;
  const what = 'is no description of a contract, as fwk-contract describe writes it, and no OpenAPI document';
  throw new OptionsError('fwk-contract', [`${path} ${what}`]);
}

function contractIn(path: string, module: Readonly<Record<string, unknown>>, name: string | undefined): AnyContract {
  const found = Object.entries(module).filter(([, value]) => isContract(value)) as [string, AnyContract][];
  const wanted = name === undefined ? found : found.filter(([exported]) => exported === name);
  const [first] = wanted;
  if (first && new Set(wanted.map(([, contract]) => contract)).size === 1) return first[1];
  const names = found.map(([exported]) => `${path}#${exported}`);
  if (names.length === 0) throw new OptionsError('fwk-contract', [`${path} exports no contract`]);
  const why = name === undefined ? 'exports several contracts' : `exports no contract as "${name}"`;
  throw new OptionsError('fwk-contract', [`${path} ${why}; say one of ${names.join(', ')}`]);
}

function isContract(value: unknown): value is AnyContract {
  return isObject(value) && value.kind === 'fwk.contract' && Array.isArray(value.plans);
}
