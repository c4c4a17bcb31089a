/** The program as it is: a handler in the style of AWS Lambda that says what an article costs, asked of another service. */
import type { AwsContext } from './aws-context.js';

interface Asked {
  readonly sku: string;
}

const prices = (path: string) => fetch(`${process.env.PRICES_URL}${path}`);

export async function handler({ sku }: Asked, _context: AwsContext): Promise<{ price: number }> {
  const answer = await prices(`/prices/${encodeURIComponent(sku)}`);
  if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
  return (await answer.json()) as { price: number };
}
