import type { StandardSchema } from '@fwk/core';
import { contract, get, post } from '@fwk/http';

/** What an instance answers. */
export interface Done {
  readonly servedBy: string;
}

const done: StandardSchema<Done> = {
  '~standard': {
    version: 1,
    vendor: 'drills',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'servedBy' in value && typeof value.servedBy === 'string'
        ? { value: { servedBy: value.servedBy } }
        : { issues: [{ message: 'an object with servedBy is needed' }] },
  },
};

/** The service that drills call: one operation that may be tried again, and one that may not. */
export const target = contract('target', {
  version: '1.0.0',
  operations: {
    read: get('/work', { response: done }),
    write: post('/work', { response: done }),
  },
});
