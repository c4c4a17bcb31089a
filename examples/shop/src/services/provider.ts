import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createApp } from '@fwk/core';
import { type Call, type Handlers, http, problem, Serves } from '@fwk/http';
import { type Mode, provider } from '../contracts/provider.js';

const name = process.env.SHOP_PROVIDER_NAME ?? 'provider';

/** Stands in for a payment company: no part of the shop, not in its registry. */
@Serves(provider)
class SimulatedProvider implements Handlers<typeof provider> {
  private mode: Mode['mode'] = 'fine';

  async behave({ body }: Call<typeof provider, 'behave'>) {
    this.mode = body.mode;
    return body;
  }

  async pay(_call: Call<typeof provider, 'pay'>) {
    if (this.mode === 'out') throw problem(503, 'Out of service', `${name} does not answer payments`);
    if (this.mode === 'failing' && Math.random() < 0.5) throw problem(500, 'Payment failed', `${name} has trouble`);
    await wait(this.mode === 'slow' ? 800 : 5 + Math.random() * 10);
    return { payment: randomUUID(), provider: name };
  }
}

const app = createApp({
  name,
  version: '2.1.0',
  owner: 'another company',
  use: [http({ serve: [SimulatedProvider] })],
});
await app.start();
