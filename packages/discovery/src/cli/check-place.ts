/**
 * Whether the registry could ever be served here, found out before it is tried: a program that stands by waits for as long
 * as it takes, so that it would wait for ever where nobody can serve.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { messageOf } from '@fwk/kernel';
import { RegistryDeniedError, RegistryPortTakenError } from '../errors.js';
import type { LocalRegistryOptions } from '../registries/local/local-options.js';
import { headers } from '../registries/local/wire.js';

/** @throws RegistryPortTakenError, RegistryDeniedError, or an error that says what else is in the way. */
export async function checkPlace(options: LocalRegistryOptions): Promise<void> {
  const { host, port, snapshotFile } = options;
  if (snapshotFile !== undefined) await checkFolder(dirname(resolve(snapshotFile)));
  const problem = await bindProblem(host, port);
  if (problem === undefined) return;
  if (problem.code === 'EADDRNOTAVAIL') throw new RegistryPortTakenError(`${host}:${port}`);
  if (problem.code !== 'EADDRINUSE')
    throw new Error(`no registry can be served at ${host}:${port}: ${problem.message}`);
  await checkAnswer(options);
}

async function checkFolder(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`no snapshot can be kept in ${folder}: ${messageOf(error)}`);
  }
}

function bindProblem(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** Somebody listens. One that does not answer may be a registry that hangs: that is what standing by is for. */
async function checkAnswer({ host, port, token, requestTimeoutMs }: LocalRegistryOptions): Promise<void> {
  const place = `${host}:${port}`;
  const answer = await new Promise<IncomingMessage | NodeJS.ErrnoException>((resolve) => {
    const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = get({ host, port, path: '/v1/services', agent: false, headers: credentials }, (response) => {
      response.destroy();
      resolve(response);
    });
    request.setTimeout(requestTimeoutMs, () => request.destroy());
    request.on('error', resolve);
  });
  if (answer instanceof Error) {
    // Something else than HTTP.
    if (answer.code?.startsWith('HPE_')) throw new RegistryPortTakenError(place);
  } else if (answer.headers[headers.registry] === undefined) throw new RegistryPortTakenError(place);
  else if (answer.statusCode === 401) throw new RegistryDeniedError(place);
}
