/** The one operation that all measurements call, with a validator that costs next to nothing. */
import * as fwk from '../fwk.mjs';

const { contract, get } = await fwk.http();

/** A Standard Schema of one string field, by hand: a validation library would be measured too. */
function stringField(field) {
  return {
    '~standard': {
      version: 1,
      vendor: 'bench',
      validate: (value) =>
        typeof value?.[field] === 'string' ? { value } : { issues: [{ message: 'must be a string', path: [field] }] },
    },
  };
}

export const stock = contract('stock', {
  version: '1.0.0',
  operations: { stock: get('/stock/:sku', { params: stringField('sku'), response: stringField('sku') }) },
});
