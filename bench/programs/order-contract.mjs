/** What the row `server` serves: a read with a parameter, and a write with a body. */
import * as fwk from '../fwk.mjs';

const { contract, get, post } = await fwk.http();

/** A Standard Schema by hand, as in contract.mjs: each field has the type that is named. */
function fields(types) {
  const entries = Object.entries(types);
  return {
    '~standard': {
      version: 1,
      vendor: 'bench',
      validate(value) {
        for (const [name, type] of entries) {
          if (typeof value?.[name] !== type) return { issues: [{ message: `must be a ${type}`, path: [name] }] };
        }
        return { value };
      },
    },
  };
}

const position = fields({ sku: 'string', left: 'number', warehouse: 'string' });

export const orders = contract('orders', {
  version: '1.0.0',
  operations: {
    stock: get('/stock/:sku', { params: fields({ sku: 'string' }), response: position }),
    order: post('/orders', { body: fields({ sku: 'string', quantity: 'number', note: 'string' }), response: position }),
  },
});
