/** Reads what `fwk-contract describe` wrote. */
import { readFile } from 'node:fs/promises';
import { messageOf, OptionsError, parseJson } from '@fwk/kernel';
import type { ContractDescription } from './contract-description.js';
import { isObject } from './json-schema.js';

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` (its promise) when there is no such file, or it holds something else. */
export async function readDescription(path: string | URL): Promise<ContractDescription> {
  const value = await read(path);
  if (isDescription(value)) return value;
  const what = 'is no description of a contract, as fwk-contract describe writes it';
  throw new OptionsError('fwk-contract', [`${path} ${what}`]);
}

async function read(path: string | URL): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'));
  } catch (error) {
    throw new OptionsError('fwk-contract', [`${path} cannot be read: ${messageOf(error)}`]);
  }
}

/** Whether data is a description of a contract. */
export function isDescription(value: unknown): value is ContractDescription {
  if (!isObject(value) || value.kind !== 'fwk.contract-description' || !isObject(value.operations)) return false;
  const { name, version, operations } = value;
  if (typeof name !== 'string' || typeof version !== 'string') return false;
  return Object.values(operations).every(
    (operation) => isObject(operation) && typeof operation.method === 'string' && typeof operation.path === 'string',
  );
}
