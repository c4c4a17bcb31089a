/**
 * Whether the registry could ever be served here, found out before it is tried: a program that stands by waits for as long
 * as it takes, so that it would wait for ever where nobody can serve.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { codeOf, isFwkError, makeEnv, messageOf } from '@fwk/kernel';
import { RegistryPortTakenError } from '../errors.js';
import type { LocalRegistryOptions } from '../registries/local/local-options.js';
import { RegistryClient } from '../registries/local/registry-client.js';

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
async function checkAnswer(options: LocalRegistryOptions): Promise<void> {
  const { host, port } = options;
  const { Registrant } = await import('../registries/local/session.js');
  const client = new RegistryClient(new Registrant(randomUUID()), options, makeEnv());
  try {
    await client.join();
  } catch (error) {
    if (isFwkError(error, 'FWK_DISCOVERY_REGISTRY_DENIED')) throw error;
    if (isForeign(error)) throw new RegistryPortTakenError(`${host}:${port}`);
  } finally {
    client.close();
  }
}

/** Whether what answers is no registry: no HTTP, or somebody else's. */
function isForeign(error: unknown): boolean {
  if (!isFwkError(error, 'FWK_DISCOVERY_REGISTRY_UNAVAILABLE')) return false;
  const { cause, details } = error;
  return details?.problem === 'something else answers there' || codeOf(cause)?.startsWith('HPE_') === true;
}
