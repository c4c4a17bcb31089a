import { createServer } from 'node:net';

/** A port that nobody listens on. The registry gets one of its own, so that two demos on one machine do not share a shop. */
export function freePort(): Promise<number> {
  return tryPort(0);
}

/** Why the shop cannot listen on a port, and what to do; undefined when it can. */
export async function portFault(port: number): Promise<string | undefined> {
  try {
    await tryPort(port);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? `port ${port} is in use` : `port ${port} cannot be used (${message})`;
    return `${why}; stop what uses it, or choose another: npm start -- --port N (0 takes any free one)`;
  }
}

/** Listens for a moment. */
function tryPort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
