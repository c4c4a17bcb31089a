import { config } from '@fwk/config';
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, type Handlers, http, inProcess, problem, Serves } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { catalog, type Product } from '../contracts/catalog.js';
import type { Place } from '../place.js';
import { ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

const products: readonly Product[] = [
  { sku: 'lamp', name: 'Reading lamp', description: 'Warm light, a long arm, a heavy foot.' },
  { sku: 'chair', name: 'Oak chair', description: 'Four legs and a back; it lasts.' },
  { sku: 'kettle', name: 'Kettle', description: 'Boils a litre in three minutes.' },
];

@Serves(catalog)
class CatalogService implements Handlers<typeof catalog> {
  async products() {
    return [...products];
  }

  async product({ params }: Call<typeof catalog, 'product'>) {
    const product = products.find(({ sku }) => sku === params.sku);
    if (!product) throw problem(404, 'No such product', `the catalog has no "${params.sku}"`);
    return product;
  }
}

export const catalogApp = ({ group, signals }: Place) =>
  createApp({
    name: 'catalog',
    version: '1.0.0',
    owner: 'team-catalog',
    signals,
    use: [
      inProcess(group),
      config({ schema: ShopSettings, files: [shopConfigFile()] }),
      resilience({ policies: shopPolicies }),
      discovery(),
      http({ serve: [CatalogService] }),
    ],
  });
