import { expect, expectTypeOf, test } from 'vitest';
import { background, type CallContext } from '../context/call-context.js';
import type { BuiltService } from './built-stack.js';
import type { Layer, Service } from './service.js';
import { serviceOf } from './service-of.js';
import { type Stack, stack } from './stack.js';

interface Order {
  readonly sku: string;
}
interface Receipt {
  readonly total: number;
}

const anyTypes = <Req, Res>(): Layer<Req, Res> => ({ role: 'any', wrap: (next) => next });
const toJson: Layer<Order, Receipt, string, Uint8Array> = {
  role: 'json',
  wrap: () => serviceOf(() => ({ total: 1 })),
};

test('a service written where it is wanted is told what it is called with', () => {
  stack<Order, Receipt>().into({
    status: () => 'ready',
    call: async (request, context) => {
      expectTypeOf(request).toEqualTypeOf<Order>();
      expectTypeOf(context).toEqualTypeOf<CallContext>();
      return { total: 1 };
    },
  });
});

test('a generic layer takes the types of the stack it is put into', () => {
  const stacked = stack<Order, Receipt>().use(anyTypes()).use(anyTypes());
  expectTypeOf(stacked).toEqualTypeOf<Stack<Order, Receipt, Order, Receipt>>();
  expectTypeOf(stacked.into(async () => ({ total: 1 }))).toEqualTypeOf<BuiltService<Order, Receipt>>();
});

test('a layer that changes the types decides what follows it', () => {
  const stacked = stack<Order, Receipt>().use(anyTypes()).use(toJson).use(anyTypes());
  expectTypeOf(stacked).toEqualTypeOf<Stack<Order, Receipt, string, Uint8Array>>();
  const service = stacked.into(async (request, context) => {
    expectTypeOf(request).toEqualTypeOf<string>();
    expectTypeOf(context).toEqualTypeOf<CallContext>();
    return new Uint8Array();
  });
  expectTypeOf(service).toEqualTypeOf<BuiltService<Order, Receipt>>();
});

test('a stack keeps its types when a layer is put in by a role', () => {
  const fitting: Layer<Order, Receipt> = anyTypes();
  const noLayer = serviceOf(() => '');
  const stacked = stack<Order, Receipt>().use(anyTypes()).use(toJson);
  expectTypeOf(stacked.before('any', fitting)).toEqualTypeOf<Stack<Order, Receipt, string, Uint8Array>>();
  expectTypeOf(stacked.after('any', anyTypes())).toEqualTypeOf<Stack<Order, Receipt, string, Uint8Array>>();
  expectTypeOf(stacked.replace('json', toJson)).toEqualTypeOf<Stack<Order, Receipt, string, Uint8Array>>();
  expectTypeOf(stacked.without('any')).toEqualTypeOf<Stack<Order, Receipt, string, Uint8Array>>();
  // @ts-expect-error a service is no layer
  const put = () => stacked.after('any', noLayer);
  expect(put).toThrow();
});

test('what does not fit does not compile', () => {
  const stacked = stack<Order, Receipt>();
  // @ts-expect-error the layer answers strings, not receipts
  stacked.use({ role: 'wrong', wrap: () => serviceOf<Order, string>(() => '') } satisfies Layer<Order, string>);
  // @ts-expect-error after toJson requests are strings, not orders
  stacked.use(toJson).use(toJson);
  // @ts-expect-error the function answers a string, not a receipt
  stacked.into(async () => 'text');
  // @ts-expect-error the innermost service must take what the last layer sends
  stacked.use(toJson).into(serviceOf<Order, Receipt>(() => ({ total: 1 })));
  const service = stacked.into(async () => ({ total: 1 }));
  // @ts-expect-error a call needs its context
  service.call({ sku: 'a' });
  // @ts-expect-error the request must be an order
  service.call({ name: 'a' }, background);
});

test('a service that takes more and answers less general things stands in for another', () => {
  expectTypeOf<Service<unknown, 1>>().toExtend<Service<string, number>>();
  expectTypeOf<Service<string, number>>().not.toExtend<Service<unknown, number>>();
  expectTypeOf<Service<string, unknown>>().not.toExtend<Service<string, number>>();
});
