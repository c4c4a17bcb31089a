/** Answers of several sizes over both wires, and small ones beside large ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCalls, makePacedCalls } from '../calls.mjs';
import { program, startUntil } from '../processes.mjs';
import { texts } from '../programs/text-contract.mjs';

export const sizes = { '100 B': 100, '10 kB': 10_000, '1 MB': 1_000_000 };
const largeBytes = 10_000_000;
const smallBytes = 100;
const pace = { perSecond: 500 };
/** Between the end of a large answer and the next request for one. */
const pauseMs = 400;
const timeoutMs = 10_000;
/** Bytes that a round moves in all, at most; it makes at least as many calls as are under way. */
const roundBytes = 20_000_000;

export async function openTexts({ app, clientOf, instanceOf }) {
  const server = await startUntil([program('text-service')], 'ready');
  await instanceOf('texts');
  const clients = {
    http: app.get(clientOf(texts, { wire: 'http', timeoutMs })),
    mux: app.get(clientOf(texts, { wire: 'mux', timeoutMs })),
  };
  const callOf = (wire, bytes) => async () => {
    const { text } = await clients[wire].text({ params: { bytes: String(bytes) } });
    if (text.length !== bytes) throw new Error(`an answer of ${text.length} characters came in place of ${bytes}`);
  };

  /** One subject for each wire and size. */
  function sizeSubjects(calls, concurrency) {
    const subjects = Object.entries(sizes).flatMap(([name, bytes]) => {
      const many = Math.max(concurrency, Math.min(calls, Math.round(roundBytes / bytes)));
      const measure = (wire) => makeCalls(callOf(wire, bytes), { calls: many, concurrency });
      return ['mux', 'http'].map((wire) => [`${wire} ${name}`, () => measure(wire)]);
    });
    return Object.fromEntries(subjects);
  }

  /** Small calls over Mux at a steady pace: alone, and beside large answers over either wire. */
  function besideSubjects(durationMs) {
    const small = () => makePacedCalls(callOf('mux', smallBytes), { ...pace, durationMs });
    return {
      alone: small,
      'beside http': () => beside(callOf('http', largeBytes), small),
      'beside mux': () => beside(callOf('mux', largeBytes), small),
    };
  }

  return { sizeSubjects, besideSubjects, close: () => server.stop() };
}

/** Makes large calls one after the other, with pauses, while `measure` runs. */
async function beside(large, measure) {
  let over = false;
  const larges = (async () => {
    while (!over) {
      await large();
      await sleep(pauseMs);
    }
  })();
  const measured = await measure();
  over = true;
  await larges;
  return measured;
}
