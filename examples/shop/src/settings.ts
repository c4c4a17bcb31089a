import { fileURLToPath } from 'node:url';
import { configToken } from '@fwk/config';
import type { Live, Resolver } from '@fwk/core';
import { z } from 'zod';

/** The shape of config/shop.yaml; every service refuses an edit that does not fit it, whole. */
export const ShopSettings = z.object({
  storefront: z.object({ greeting: z.string().min(1).max(80) }),
  checkout: z.object({ maxItems: z.int().min(1).max(1000) }),
  pricing: z.object({ discountPercent: z.number().min(0).max(90) }),
  /** By the name of the called service, or of a contract with `-server`. The clients and servers that follow them check them. */
  policies: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** Feature flags, which the configuration checks itself. */
  flags: z.record(z.string(), z.unknown()),
});

/** The policies of that file, for `resilience({ policies })`, which every service has. */
export function shopPolicies(resolver: Resolver): Live<unknown> {
  return resolver.get(configToken).get('policies');
}

/** Where the file lies: SHOP_CONFIG, or the one beside the sources. */
export function shopConfigFile(): string {
  return process.env.SHOP_CONFIG ?? fileURLToPath(new URL('../config/shop.yaml', import.meta.url));
}

/** What the payment providers know the shop by. The simulated ones take this one and no other. */
export const providerKey = process.env.SHOP_PROVIDER_KEY ?? 'key-of-the-shop';

/**
 * Where a payment provider is reached.
 * @param variable - that holds it: SHOP_FIRST_PROVIDER or SHOP_SECOND_PROVIDER
 */
export function providerUrl(variable: string): string {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} must hold the address of a payment provider, such as http://127.0.0.1:9001`);
  return url;
}
