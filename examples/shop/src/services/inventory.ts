import { randomUUID } from 'node:crypto';
import { config } from '@fwk/config';
import { appInfoToken, createApp, Injectable, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Call, type Handlers, http, inProcess, problem, Serves } from '@fwk/http';
import { resilience } from '@fwk/resilience';
import { inventory } from '../contracts/inventory.js';
import type { Place } from '../place.js';
import { ShopSettings, shopConfigFile, shopPolicies } from '../settings.js';

/** The shelf of one instance. A real one would be a database that all instances share. */
@Injectable()
class Shelf {
  readonly #left = new Map([
    ['lamp', 1_000_000],
    ['chair', 1_000_000],
    ['kettle', 1_000_000],
  ]);

  left(sku: string): number {
    const left = this.#left.get(sku);
    if (left === undefined) throw problem(404, 'Not on the shelf', `there is no place for "${sku}"`);
    return left;
  }

  take(sku: string, quantity: number): void {
    const left = this.left(sku);
    if (left < quantity) throw problem(409, 'Sold out', `${quantity} of "${sku}" wanted, ${left} left`);
    this.#left.set(sku, left - quantity);
  }
}

@Serves(inventory)
class InventoryService implements Handlers<typeof inventory> {
  private readonly shelf = inject(Shelf);
  private readonly app = inject(appInfoToken);

  async stock({ params }: Call<typeof inventory, 'stock'>) {
    const { instanceId: servedBy, version } = this.app;
    return { sku: params.sku, left: this.shelf.left(params.sku), servedBy, version };
  }

  async reserve({ body }: Call<typeof inventory, 'reserve'>) {
    this.shelf.take(body.sku, body.quantity);
    return { reservation: randomUUID(), servedBy: this.app.instanceId };
  }
}

export const inventoryApp = ({ group, signals }: Place) =>
  createApp({
    name: 'inventory',
    version: process.env.SHOP_INVENTORY_VERSION ?? '1.4.0',
    owner: 'team-warehouse',
    signals,
    use: [
      inProcess(group),
      config({ schema: ShopSettings, files: [shopConfigFile()] }),
      resilience({ policies: shopPolicies }),
      discovery(),
      http({ serve: [InventoryService] }),
    ],
  });
