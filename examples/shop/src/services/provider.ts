import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { appInfoToken, createApp, inject } from '@fwk/core';
import { type Call, type Handlers, http, problem, Serves } from '@fwk/http';
import { type Mode, provider } from '../contracts/provider.js';
import type { Place } from '../place.js';
import { providerKey } from '../settings.js';

/** Stands in for a payment company: no part of the shop, not in its registry. */
@Serves(provider)
class SimulatedProvider implements Handlers<typeof provider> {
  private readonly name = inject(appInfoToken).name;
  private mode: Mode['mode'] = 'fine';

  async behave({ body }: Call<typeof provider, 'behave'>) {
    this.mode = body.mode;
    return body;
  }

  async pay({ headers }: Call<typeof provider, 'pay'>) {
    if (headers['x-api-key'] !== providerKey)
      throw problem(401, 'Who are you?', 'the header x-api-key holds no known key');
    if (this.mode === 'out') throw problem(503, 'Out of service', `${this.name} does not answer payments`);
    if (this.mode === 'failing' && Math.random() < 0.5)
      throw problem(500, 'Payment failed', `${this.name} has trouble`);
    await wait(this.mode === 'slow' ? 800 : 5 + Math.random() * 10);
    return { payment: randomUUID(), provider: this.name };
  }
}

export const providerApp = (name: string, { signals }: Place, port: number) =>
  createApp({
    name,
    version: '2.1.0',
    owner: 'another company',
    signals,
    use: [http({ serve: [SimulatedProvider], port })],
  });
