import { randomUUID } from 'node:crypto';
import { config, flags, runWithFlagContext, setting, settings, settingsOf } from '@fwk/config';
import { createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, clientOf, type Handlers, http, inProcess, problem, type RequestHeaders, Serves } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { catalog } from '../contracts/catalog.js';
import { inventory } from '../contracts/inventory.js';
import { payments } from '../contracts/payments.js';
import { pricing } from '../contracts/pricing.js';
import { storefront } from '../contracts/storefront.js';
import type { Place } from '../place.js';
import { ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

const StorefrontSettings = settings('storefront', ShopSettings.shape.storefront);

@Serves(storefront)
class StorefrontService implements Handlers<typeof storefront> {
  private readonly catalog = inject(clientOf(catalog));
  private readonly pricing = inject(clientOf(pricing));
  private readonly inventory = inject(clientOf(inventory));
  private readonly payments = inject(clientOf(payments));
  private readonly settings = inject(settingsOf(StorefrontSettings));
  private readonly maxItems = setting('checkout.maxItems', 20);
  private readonly flags = flags();

  page(call: Call<typeof storefront, 'page'>) {
    return forCustomer(call.headers, () => this.#page(call));
  }

  checkout(call: Call<typeof storefront, 'checkout'>) {
    return forCustomer(call.headers, () => this.#checkout(call));
  }

  async #page({ params }: Call<typeof storefront, 'page'>) {
    const [product, price, stock] = await Promise.all([
      this.catalog.product({ params }),
      this.pricing.price({ params }),
      this.inventory.stock({ params }),
    ]);
    const { greeting } = this.settings.value;
    return {
      greeting,
      sku: product.sku,
      name: product.name,
      cents: price.cents,
      left: stock.left,
      servedBy: stock.servedBy,
    };
  }

  async #checkout({ body }: Call<typeof storefront, 'checkout'>) {
    const maxItems = this.maxItems.value;
    if (body.quantity > maxItems) {
      throw problem(400, 'Too many items', `${body.quantity} items in the cart, at most ${maxItems} allowed`);
    }
    const order = randomUUID();
    const price = await this.pricing.price({ params: { sku: body.sku } });
    const cents = price.cents * body.quantity;
    const { reservation } = await this.inventory.reserve({ body });
    const { provider } = await this.payments.charge({ body: { order, cents } });
    // For experiments that compare what customers spend.
    this.flags.record('order-cents', cents);
    return { order, cents, provider, reservation };
  }
}

/** Flags are asked for the customer of the request, also by the clients that handling it uses. */
function forCustomer<T>(headers: RequestHeaders, body: () => T): T {
  return runWithFlagContext({ key: headers['x-customer'] }, body);
}

export const storefrontApp = ({ group, signals }: Place) =>
  createApp({
    name: 'storefront',
    version: '1.0.0',
    owner: 'team-web',
    signals,
    use: [
      inProcess(group),
      config({ schema: ShopSettings, files: [shopConfigFile()] }),
      resilience({ policies: shopPolicies }),
      discovery(),
      http({ serve: [StorefrontService], port: Number(process.env.SHOP_PORT ?? 8080) }),
    ],
  });
