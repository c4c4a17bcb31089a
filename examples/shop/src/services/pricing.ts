import { config, Setting } from '@fwk/config';
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, type Handlers, http, inProcess, problem, Serves } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { pricing } from '../contracts/pricing.js';
import type { Place } from '../place.js';
import { ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

const listPriceCents = new Map([
  ['lamp', 4900],
  ['chair', 12900],
  ['kettle', 3500],
]);

@Serves(pricing)
class PricingService implements Handlers<typeof pricing> {
  @Setting('pricing.discountPercent') get discountPercent(): number {
    return 0;
  }

  async price({ params }: Call<typeof pricing, 'price'>) {
    const list = listPriceCents.get(params.sku);
    if (list === undefined) throw problem(404, 'No price', `nobody has priced "${params.sku}"`);
    const discountPercent = this.discountPercent;
    return { sku: params.sku, cents: Math.round(list * (1 - discountPercent / 100)), discountPercent };
  }
}

export const pricingApp = ({ group, signals }: Place) =>
  createApp({
    name: 'pricing',
    version: '1.0.0',
    owner: 'team-pricing',
    signals,
    use: [
      inProcess(group),
      config({ schema: ShopSettings, files: [shopConfigFile()] }),
      resilience({ policies: shopPolicies }),
      discovery(),
      http({ serve: [PricingService] }),
    ],
  });
