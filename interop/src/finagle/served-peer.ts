import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { traceKey } from '@fwk/core';
import { callerKey, createServer, type HttpServer, problem, served } from '@fwk/http';
import { type CallContext, systemClock } from '@fwk/kernel';
import { type PeerHandlers, peer } from './contract.js';

/** What a handler knew of a call. */
export interface ServedCall {
  readonly traceId: string | undefined;
  readonly remainingMs: number;
  readonly caller: string | undefined;
}

/** A server of ours that records the calls it gets. */
export interface ServedPeer {
  readonly server: HttpServer;
  readonly calls: ServedCall[];
  /** Reasons of the calls of `hang` that were given up. */
  readonly givenUp: string[];
  /** Calls of `hang` under way. */
  readonly hanging: () => number;
}

/** Starts one on the loopback interface. */
export async function servePeer(): Promise<ServedPeer> {
  const calls: ServedCall[] = [];
  const givenUp: string[] = [];
  let hanging = 0;
  const saw = (context: CallContext) => {
    calls.push({
      traceId: context.get(traceKey)?.traceId,
      remainingMs: context.deadlineMs - systemClock.now(),
      caller: context.get(callerKey),
    });
  };
  const handlers: PeerHandlers = {
    echo: ({ body, context }) => {
      saw(context);
      return body;
    },
    nothing: () => {},
    big: ({ query }) => textOf(query.size),
    late: async ({ query, body, context }) => {
      saw(context);
      await sleep(query.ms, undefined, { signal: context.signal });
      return body;
    },
    hang: ({ context }) => {
      hanging += 1;
      return new Promise<void>((resolve) => {
        context.onCancel((reason) => {
          hanging -= 1;
          givenUp.push(reason instanceof Error ? reason.message : String(reason));
          resolve();
        });
      });
    },
    refuse: ({ body }) => {
      throw problem(409, 'Refused', body);
    },
    fail: () => {
      throw new Error('the shelf is broken');
    },
    failForGood: () => {},
    reject: () => {},
    rejectForGood: () => {},
  };
  // At most one `hang` at a time, so that a second call is refused before it is worked on.
  const operations = { hang: { bulkhead: { maxConcurrent: 1, maxQueue: 0 } } };
  const server = createServer({ serve: [served(peer, handlers, { operations })], trustedNetworks: ['127.0.0.0/8'] });
  await server.start();
  return { server, calls, givenUp, hanging: () => hanging };
}

/** A text that has so many bytes as JSON, quotes included; the programs in Java make the same. */
export function textOf(bytes: number): string {
  let text = '';
  for (let index = 1; index < bytes - 1; index++) text += String.fromCharCode(97 + (index % 26));
  return text;
}

/** SHA-256 of a text as JSON. */
export function digestOf(text: string): string {
  return createHash('sha256').update(JSON.stringify(text)).digest('hex');
}
