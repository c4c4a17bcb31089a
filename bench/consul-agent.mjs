/** A Consul agent of a measurement: a server of its own that keeps nothing, on free ports; it ends with this process. */
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { findConsul } from '../scripts/programs/consul.mjs';
import { freePort } from './processes.mjs';

/**
 * Starts an agent and waits until it leads itself and knows itself. Where there is no Consul, this process ends: why was said.
 * @returns its address, and a function that asks it over a connection that is kept.
 */
export async function startConsul() {
  const consul = await findConsul();
  if (!consul) process.exit(1);
  const [http, server, lan, wan] = await Promise.all(Array.from({ length: 4 }, freePort));
  const ports = { http, https: -1, dns: -1, grpc: -1, server, serf_lan: lan, serf_wan: wan };
  const hcl = Object.entries(ports).map(([name, number]) => `ports { ${name} = ${number} }`);
  const args = ['agent', '-dev', '-bind=127.0.0.1', ...hcl.flatMap((line) => ['-hcl', line])];
  const child = spawn(consul, args, { stdio: 'ignore' });
  const endWithUs = () => child.kill('SIGKILL');
  child.once('exit', (code) => {
    throw new Error(`Consul ended with ${code}`);
  });
  process.once('exit', endWithUs);
  const ask = asker(http);
  await answering(ask);
  return { url: `http://127.0.0.1:${http}`, ask };
}

async function answering(ask) {
  for (const startMs = performance.now(); performance.now() - startMs < 20_000; await sleep(50)) {
    const nodes = await ask('/v1/catalog/nodes').catch(() => undefined);
    if (nodes?.status === 200 && nodes.body.length > 0) return;
  }
  throw new Error('Consul did not get ready');
}

function asker(port) {
  const agent = new Agent({ keepAlive: true });
  return (path, { method = 'GET', body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request({ agent, host: '127.0.0.1', port, path, method });
      sent.once('error', reject).once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.once('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) });
        });
      });
      sent.end(body);
    });
}
