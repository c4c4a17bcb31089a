import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { background, type CallContext, cancellable } from '@fwk/kernel';
import { Client, type Dispatcher } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import type { Attempt } from '../calling/attempt.js';
import type { OperationResponse } from '../calling/operation-request.js';
import { ConnectionPool } from './connection-pool.js';
import { HttpAttempt } from './http-attempt.js';

/** Knows nothing but how it ended. */
class PlainAttempt extends HttpAttempt implements Dispatcher.DispatchHandler {
  status = 0;

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.started((reason) => controller.abort(reason));
  }

  onResponseStart(_controller: unknown, status: number): void {
    this.status = status;
  }

  onResponseData(): void {}

  read(): OperationResponse {
    return { status: this.status, value: undefined };
  }

  onResponseEnd(): void {
    this.complete();
    if (!this.settled) this.succeed();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.broken();
    if (!this.settled) this.fail(this.failureOf(error));
  }
}

interface Asked {
  readonly path: string;
  readonly socket: Socket;
  answer(): void;
}

/** A server that answers each request when it is told to. */
async function startServer() {
  const asked: Asked[] = [];
  const listener = ({ url, socket }: IncomingMessage, response: ServerResponse) =>
    void asked.push({ path: url ?? '', socket, answer: () => void response.end('done') });
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (count: number): Promise<Asked> => {
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return asked[count - 1] as Asked;
  };
  return { asked, next, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function poolOf(origin: string, maxConnections: number) {
  let made = 0;
  let lost = 0;
  const make = () => {
    made++;
    return new Client(origin);
  };
  const pool = new ConnectionPool(make, maxConnections, { begin: () => void lost++, made: () => {} });
  const send = (path: string, context: CallContext = background, headers: string[] = []) => {
    let attempt!: PlainAttempt;
    const answer = new Promise<Attempt>((resolve, reject) => {
      attempt = new PlainAttempt('test', origin, context, resolve, reject);
      pool.dispatch({ method: 'GET', path, headers }, attempt);
      attempt.subscription = context.onCancel((reason) => attempt.cancel(reason));
    }).then(
      () => attempt.status,
      (error: unknown) => error,
    );
    return answer;
  };
  return { pool, send, made: () => made, lost: () => lost };
}

test('a connection is used again for the call that begins when its answer is there', async () => {
  const { asked, next, origin } = await startServer();
  const { pool, send, made } = poolOf(origin, 10);
  for (let call = 1; call <= 5; call++) {
    const answer = send('/');
    (await next(call)).answer();
    expect(await answer).toBe(200);
  }
  expect(made()).toBe(1);
  expect(new Set(asked.map(({ socket }) => socket)).size).toBe(1);
  await pool.close();
});

test('calls at once have a connection each, up to the limit, and further ones wait in turn', async () => {
  const { asked, next, origin } = await startServer();
  const { pool, send, made } = poolOf(origin, 2);
  const answers = ['/1', '/2', '/3', '/4'].map((path) => send(path));
  await next(2);
  expect(asked.map(({ path }) => path).sort()).toEqual(['/1', '/2']);
  for (let call = 1; call <= 4; call++) (await next(call)).answer();
  expect(await Promise.all(answers)).toEqual([200, 200, 200, 200]);
  expect(asked.map(({ path }) => path).slice(2)).toEqual(['/3', '/4']);
  expect(made()).toBe(2);
  await pool.close();
});

test('what was given up while it waited for a connection is never sent', async () => {
  const { asked, next, origin } = await startServer();
  const { pool, send } = poolOf(origin, 1);
  const { context, cancel } = cancellable();
  const answers = [send('/1'), send('/given-up', context), send('/3')];
  const reason = new Error('gave up');
  cancel(reason);
  (await next(1)).answer();
  (await next(2)).answer();
  expect(await Promise.all(answers)).toEqual([200, reason, 200]);
  expect(asked.map(({ path }) => path)).toEqual(['/1', '/3']);
  await pool.close();
});

test('closing waits for what is under way and for what waits', async () => {
  const { next, origin } = await startServer();
  const { pool, send } = poolOf(origin, 1);
  const answers = [send('/1'), send('/2')];
  await next(1);
  let closed = false;
  const closing = pool.close().then(() => {
    closed = true;
  });
  (await next(1)).answer();
  const second = await next(2);
  expect(closed).toBe(false);
  second.answer();
  await closing;
  expect(await Promise.all(answers)).toEqual([200, 200]);
});

test('a connection that its server closed or its caller cancelled is made anew for the next call, and only the first counts as lost', async () => {
  const { next, origin } = await startServer();
  const { pool, send, made, lost } = poolOf(origin, 1);
  const broken = send('/1');
  (await next(1)).socket.destroy();
  expect(await broken).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: true });
  expect(lost()).toBe(1);
  const { context, cancel } = cancellable();
  const cancelled = send('/2', context);
  await next(2);
  cancel('enough');
  expect(await cancelled).toBe('enough');
  const answered = send('/3');
  (await next(3)).answer();
  expect(await answered).toBe(200);
  expect(made()).toBe(1);
  expect(lost()).toBe(1);
  await pool.close();
});

test('calls that wait fail one after the other where no connection can be made, and the pool closes all the same', async () => {
  const { origin } = await startServer();
  const closedPort = createServer().listen(0, '127.0.0.1');
  await once(closedPort, 'listening');
  const { port } = closedPort.address() as AddressInfo;
  await new Promise((resolve) => closedPort.close(resolve));
  const { pool, send, made, lost } = poolOf(origin.replace(/\d+$/, String(port)), 1);
  const errors = await Promise.all([send('/1'), send('/2'), send('/3')]);
  for (const error of errors) expect(error).toMatchObject({ code: 'FWK_HTTP_CONNECTION', sent: false });
  expect(made()).toBe(3);
  expect(lost()).toBe(0);
  await pool.close();
});

test('a request that undici refuses to write frees its connection for the next', async () => {
  const { next, origin } = await startServer();
  const { pool, send, made } = poolOf(origin, 1);
  expect(await send('/', background, ['a', 'b\n'])).toMatchObject({ code: 'FWK_HTTP_CALL_INVALID' });
  const answered = send('/2');
  (await next(1)).answer();
  expect(await answered).toBe(200);
  expect(made()).toBe(1);
  await pool.close();
});
