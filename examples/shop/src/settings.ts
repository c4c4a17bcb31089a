import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The shape of config/shop.yaml; every service refuses an edit that does not fit it, whole. */
export const ShopSettings = z.object({
  storefront: z.object({ greeting: z.string().min(1).max(80), maxItems: z.int().min(1).max(1000) }),
  pricing: z.object({ discountPercent: z.number().min(0).max(90) }),
});

/** Where the file lies: SHOP_CONFIG, or the one beside the sources. */
export function shopConfigFile(): string {
  return process.env.SHOP_CONFIG ?? fileURLToPath(new URL('../config/shop.yaml', import.meta.url));
}
