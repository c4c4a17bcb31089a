/**
 * Load on a server over bare sockets, with one request under way on each. An HTTP client would cost more than the server
 * that it measures, so that its own speed would be compared.
 */
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { AnswerReader } from './answer-reader.mjs';

/**
 * Opens connections and keeps them between runs.
 * @param {{ port: number, request: string, isRight: (body: string) => boolean, connections: number }} load - the bytes of
 * every request, and whether a body is the right answer to it
 */
export async function openLoad({ port, request, isRight, connections }) {
  const bytes = Buffer.from(request, 'latin1');
  const callers = await Promise.all(Array.from({ length: connections }, () => openCaller(port, bytes, isRight)));
  return {
    /** Sends `calls` requests in all. @returns {Promise<number>} answers a second. @throws Error for a wrong answer */
    async run(calls) {
      let left = calls;
      const startMs = performance.now();
      await Promise.all(
        callers.map(async (caller) => {
          while (left-- > 0) await caller.call();
        }),
      );
      return (calls * 1000) / (performance.now() - startMs);
    },
    close() {
      for (const caller of callers) caller.close();
    },
  };
}

async function openCaller(port, bytes, isRight) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const reader = new AnswerReader();
  let waiting;
  const fail = (error) => waiting?.reject(error);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  socket.on('data', (chunk) => {
    try {
      const answer = reader.push(chunk);
      if (!answer) return;
      if (answer.status !== 200 || !isRight(answer.body)) {
        throw new Error(`a wrong answer, ${answer.status}: ${answer.body}`);
      }
      waiting?.resolve();
    } catch (error) {
      fail(error);
    }
  });
  return {
    call() {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(bytes);
      });
    },
    close: () => socket.destroy(),
  };
}
