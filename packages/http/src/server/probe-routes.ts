import { encodeBody } from '@fwk/core';
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
    const encoded = await encodeBody(request.headers['accept-encoding']?.toString(), body);
    if (!encoded) return reply.code(406).send();
    if (encoded.encoding) reply.header('content-encoding', encoded.encoding);
    return reply.header('vary', 'accept, accept-encoding').header('content-type', contentType).send(encoded.body);
  });
}
