import { OptionsError, socketPath } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Endpoint } from './endpoint.js';
import { readWires } from './wires.js';

/** Whether an address means a Unix socket: `unix:/run/inventory.sock` or `unix:///run/inventory.sock`. */
export function isSocketUrl(url: unknown): url is string {
  return typeof url === 'string' && /^unix:/i.test(url);
}

/**
 * The endpoint at a Unix socket. Only a program or its configuration names such endpoints: no registry can make a client open a
 * file of its machine.
 * @param url - `unix:` and an absolute path without percent-encoding.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function socketEndpoint(service: string, url: string): Endpoint {
  const path = url.replace(/^unix:(?:\/\/(?=\/))?/i, '');
  const problem = /^unix:\/\/[^/]/i.test(url) ? 'absolute, without a host before it' : socketPath(path);
  if (problem !== undefined) {
    throw new OptionsError(`addresses of "${service}"`, [
      `${JSON.stringify(url)} must be like unix:/run/inventory.sock, and the path must be ${problem}`,
    ]);
  }
  const place = `unix:${path}`;
  const instance: Instance = Object.freeze({
    id: `${service}@${place}`,
    service,
    version: '0.0.0',
    address: path,
    port: 0,
    startedAtMs: 0,
    status: 'UP',
  });
  const wires = readWires(undefined);
  return Object.freeze({ id: instance.id, address: path, port: 0, socketPath: path, instance, url: place, wires });
}
