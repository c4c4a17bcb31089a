/** Ours streams with a validator that costs next to nothing, at both ends: a validation library would be measured too. */
import * as fwk from '../fwk.mjs';

const { contract, get } = await fwk.http();

const price = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      typeof value?.seq === 'number' && typeof value.sku === 'string'
        ? { value }
        : { issues: [{ message: 'must be a price' }] },
  },
};
const count = {
  '~standard': { version: 1, vendor: 'bench', validate: ({ count: text }) => ({ value: { count: Number(text) } }) },
};

export const prices = contract('prices', {
  version: '1.0.0',
  operations: {
    exported: get('/exported/:count', { params: count, stream: price }),
    pushed: get('/pushed/:count', { params: count, stream: price }),
  },
});
