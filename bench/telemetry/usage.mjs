/**
 * What it costs to count who used what, beside the call that is counted: a small one over Mux, the cheapest wire, its client and its
 * server in one process.
 */
import { createMeter, createUsage } from '@fwk/core';
import { contract, createClient, createServer, post, served } from '@fwk/http';
import { z } from 'zod';

const shop = contract('shop', {
  version: '1.0.0',
  operations: {
    buy: post('/buy', {
      body: z.object({ sku: z.string() }),
      response: z.object({ ok: z.boolean() }),
      idempotent: true,
    }),
  },
});

/** Counts one call, and makes one. Close it in the end. */
export async function usageBesideCalls() {
  const usage = createUsage({ service: 'shop', instance: 'shop-1', boot: '1' }, createMeter());
  const account = usage.account('shop.buy');
  const used = { caller: 'web', proven: false, timeMs: 1.5, failed: false, requestBytes: 16, responseBytes: 11 };
  const nowMs = performance.now();
  const server = createServer({ port: 0, serve: [served(shop, { buy: () => ({ ok: true }) })] });
  await server.start();
  const client = createClient(shop, { endpoints: [server.url], wire: 'mux' });
  return {
    count: () => account.add({ ...used, requestBytes: Buffer.byteLength('{"sku":"lamp-7"}') }, nowMs),
    call: () => client.buy({ body: { sku: 'lamp-7' } }),
    async close() {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
