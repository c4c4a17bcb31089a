/** A bare pool of connections, lines and JSON: what has come is one step of its reader, which is an async generator as ours is. */
import { Pool } from 'undici';

export function open() {
  const pool = new Pool(`http://127.0.0.1:${process.env.BENCH_PORT}`, { connections: 64 });
  return async function* items(kind, count) {
    const { body } = await pool.request({ method: 'GET', path: `/${kind}/${count}` });
    body.setEncoding('utf8');
    let rest = '';
    for await (const chunk of body) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) yield JSON.parse(line);
    }
  };
}
