/**
 * What the first version of a contract promises, as `fwk-contract describe` writes it. It is there from the beginning, so that the test
 * of a new contract compares it with something.
 */
import type { Names } from '../project/names.js';

/** A description of the contract that `contractModule` writes. */
export function firstRelease({ name }: Names): object {
  const id = { id: { type: 'string' } };
  const item = described({ ...id, name: { type: 'string' } });
  const body = described({ name: { type: 'string', minLength: 1, maxLength: 100 } });
  return {
    kind: 'fwk.contract-description',
    name,
    version: '0.1.0',
    operations: {
      item: {
        ...{ method: 'GET', path: '/items/:id', params: described(id), response: item },
        ...{ idempotent: true, idempotencyKey: false },
      },
      add: { method: 'POST', path: '/items', body, response: item, idempotent: true, idempotencyKey: true },
    },
  };
}

/** An object of which all fields are required. */
function described(properties: Readonly<Record<string, object>>): object {
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  const input = { $schema, type: 'object', properties, required: Object.keys(properties) };
  return { input, output: { ...input, additionalProperties: false } };
}
