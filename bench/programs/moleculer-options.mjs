/** Both ends over TCP on loopback, with breaker, retry, metrics and tracing on. */
const ports = {
  server: Number(process.env.BENCH_MOLECULER_SERVER),
  client: Number(process.env.BENCH_MOLECULER_CLIENT),
};

/** As our own client has them. */
export const moleculerLayers = {
  circuitBreaker: { enabled: true },
  retryPolicy: { enabled: true, retries: 2 },
  metrics: true,
  tracing: true,
  requestTimeout: 5000,
};

export function moleculerOptions(nodeID) {
  return {
    nodeID,
    logger: false,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        port: ports[nodeID],
        urls: Object.entries(ports).map(([name, port]) => `127.0.0.1:${port}/${name}`),
      },
    },
    ...moleculerLayers,
  };
}
