/**
 * The service that is tested, made of the framework: it is asked to call others, and does. As the W3C's harness wants it, a
 * request is a list of `{ url, arguments }`, and for each the arguments are sent to the address.
 */
import { contract, createClient, createServer, post, served } from '@fwk/http';

/** A schema that takes anything. */
function anything<T>() {
  return { '~standard': { version: 1, vendor: 'fwk', validate: (value: unknown) => ({ value: value as T }) } } as const;
}

interface Asked {
  readonly url: string;
  readonly arguments: unknown;
}

const testService = contract('trace-context', {
  version: '1.0.0',
  operations: { test: post('/test', { body: anything<unknown>() }) },
});

const callee = contract('callee', {
  version: '1.0.0',
  operations: { call: post('/:place', { params: anything<{ readonly place: string }>(), body: anything<unknown>() }) },
});

/** Starts it. @param port - 0 for any. */
export async function startService(port = 0): Promise<{ readonly url: string } & AsyncDisposable> {
  const clients = new Map<string, ReturnType<typeof createClient<typeof callee>>>();
  const clientOf = (origin: string) => {
    const known = clients.get(origin) ?? createClient(callee, { endpoints: [origin], retry: false, breaker: false });
    clients.set(origin, known);
    return known;
  };
  const call = ({ url, arguments: body }: Asked) => {
    const { origin, pathname } = new URL(url);
    return clientOf(origin).call({ params: { place: pathname.slice(1) }, body: body ?? [] });
  };
  const server = createServer({
    port,
    serve: [
      served(testService, {
        async test({ body }) {
          for (const asked of body as readonly Asked[]) await call(asked);
          return undefined;
        },
      }),
    ],
  });
  await server.start();
  return {
    url: `${server.url}/test`,
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
