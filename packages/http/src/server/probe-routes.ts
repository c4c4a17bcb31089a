import type { FastifyInstance } from 'fastify';
import type { ServerOptions } from './server-options.js';

/** Paths that every server answers itself; no operation can have them. */
export const probePaths: Readonly<Record<string, 'liveness' | 'readiness' | 'startup'>> = Object.freeze({
  '/livez': 'liveness',
  '/readyz': 'readiness',
  '/startupz': 'startup',
});

/** The path of the exposition. */
export const metricsPath = '/metrics';

/** Adds the probes, and the exposition where there is one. They answer from what is known and wait for nothing. */
export function addProbeRoutes(server: FastifyInstance, options: ServerOptions): void {
  const { health, exposition, drain } = options;
  for (const [path, group] of Object.entries(probePaths)) {
    server.get(path, (request, reply) => {
      const verbose = Object.hasOwn(request.query as object, 'verbose');
      const { status, body } = health?.probe(group, verbose) ?? { status: 200, body: { status: 'UP' } };
      if (drain?.draining) reply.header('connection', 'close');
      reply.code(status).header('cache-control', 'no-store').type('application/json; charset=utf-8');
      reply.send(JSON.stringify(body));
    });
  }
  if (!options.metrics || !exposition) return;
  server.get(metricsPath, async (request, reply) => {
    const { contentType, body } = await exposition.expose(request.headers.accept);
    return reply.header('content-type', contentType).send(body);
  });
}
