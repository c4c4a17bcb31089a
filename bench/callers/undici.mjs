/** A bare pool of connections, and JSON. */
import { Pool } from 'undici';

export function open() {
  const { BENCH_HOST, BENCH_PORT, BENCH_CONNECTIONS } = process.env;
  const pool = new Pool(`http://${BENCH_HOST}:${BENCH_PORT}`, { connections: Number(BENCH_CONNECTIONS) });
  return async () => {
    const { body } = await pool.request({ method: 'GET', path: '/stock/lamp' });
    return body.json();
  };
}
