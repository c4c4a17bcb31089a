/** Both ends over TCP on loopback, with breaker, retry, metrics and tracing on, as our own client has them. */
const ports = {
  server: Number(process.env.BENCH_MOLECULER_SERVER),
  client: Number(process.env.BENCH_MOLECULER_CLIENT),
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
    circuitBreaker: { enabled: true },
    retryPolicy: { enabled: true, retries: 2 },
    metrics: true,
    tracing: true,
    requestTimeout: 5000,
  };
}
