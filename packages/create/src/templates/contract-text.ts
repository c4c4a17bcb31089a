/** The contract of a new service: small, and with one operation of each kind. */
import type { Names } from '../project/names.js';

/** The module that declares it. */
export function contractModule({ name, camel }: Names): string {
  return `import { contract, get, post } from '@fwk/http';
import { z } from 'zod';

export const Item = z.object({ id: z.string(), name: z.string() });
export type Item = z.infer<typeof Item>;

/** What the service does, for those who serve it and for those who call it. */
export const ${camel}Contract = contract('${name}', {
  version: '0.1.0',
  operations: {
    item: get('/items/:id', { params: z.object({ id: z.string() }), response: Item }),
    add: post('/items', { body: z.object({ name: z.string().min(1).max(100) }), response: Item, idempotencyKey: true }),
  },
});
`;
}
