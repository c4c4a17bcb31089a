import { type Client, contract, get, type Handlers, post } from '@fwk/http';
import * as v from 'valibot';

const text = v.string();
const number = v.pipe(v.string(), v.transform(Number), v.integer());

/** What the servers of both sides serve, one in TypeScript and one in Java. Bodies are texts. */
export const peer = contract('peer', {
  version: '1.0.0',
  operations: {
    echo: post('/echo', { body: text, response: text, idempotent: true }),
    nothing: get('/nothing'),
    big: get('/big', { query: v.object({ size: number }), response: text }),
    late: post('/late', { query: v.object({ ms: number }), body: text, response: text }),
    hang: get('/hang'),
    refuse: post('/refuse', { body: text }),
    fail: post('/fail'),
    failForGood: post('/fail-for-good', { idempotent: true }),
    reject: post('/reject'),
    rejectForGood: post('/reject-for-good', { idempotent: true }),
  },
});

export type PeerHandlers = Handlers<typeof peer>;
export type PeerCaller = Client<typeof peer>;
