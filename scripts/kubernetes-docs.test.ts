/** The manifests of docs/recipes/kubernetes.md say what a service does: probes that it answers, and time enough to stop. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shutdownDefaults } from '@fwk/core';
import { contract, createServer, get, served } from '@fwk/http';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { blocksOf } from './docs/markdown.mjs';
import { root } from './workspace.mjs';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly clusterIP?: string;
    readonly selector: { readonly matchLabels: object };
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly lifecycle?: unknown;
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
          readonly startupProbe: Probe;
          readonly readinessProbe: Probe;
          readonly livenessProbe: Probe;
        }[];
      };
    };
  };
  readonly data: Readonly<Record<string, string>>;
}

const page = readFileSync(join(root, 'docs/recipes/kubernetes.md'), 'utf8');
const blocks = blocksOf(page);
const program = blocks.find(({ language }) => language === 'ts')?.code ?? '';
const yaml = blocks.find(({ language }) => language === 'yaml')?.code ?? '';
const documents = parseAllDocuments(yaml);
const manifests = documents.map((document) => document.toJS() as Manifest);
const ofKind = (kind: string) => manifests.find((each) => each.kind === kind) ?? expect.fail(`no ${kind}`);
const pod = ofKind('Deployment').spec.template;
const [container = expect.fail('no container')] = pod.spec.containers;

test('the manifests are YAML, and each has what every one needs', () => {
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  expect(manifests.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
    ['apps/v1', 'Deployment', 'inventory'],
    ['v1', 'Service', 'inventory'],
    ['v1', 'ConfigMap', 'inventory'],
  ]);
});

test('a server answers each probe at its path', async () => {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const paths = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path);
  expect(paths).toEqual(['/startupz', '/readyz', '/livez']);
  const offers = contract('offers', {
    version: '1.0.0',
    operations: { offer: get('/offer', { response: z.object({ text: z.string() }) }) },
  });
  const server = createServer({ serve: [served(offers, { offer: () => ({ text: 'a lamp' }) })] });
  await server.start();
  try {
    for (const path of paths) expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  } finally {
    await server.close();
  }
});

test('ports, labels and volumes fit together, and the program', () => {
  const [port] = container.ports;
  expect(program).toContain(`port: ${port?.containerPort}`);
  expect(program).toContain("host: '0.0.0.0'");
  for (const { httpGet } of [container.startupProbe, container.readinessProbe, container.livenessProbe])
    expect(httpGet.port).toBe(port?.name);
  const service = ofKind('Service');
  expect(service.spec).toMatchObject({ clusterIP: 'None', ports: [{ name: 'http', targetPort: port?.name }] });
  expect(service.spec.selector).toEqual(pod.metadata.labels);
  expect(ofKind('Deployment').spec.selector.matchLabels).toEqual(pod.metadata.labels);
  expect(container.volumeMounts.map(({ name }) => name)).toEqual(pod.spec.volumes.map(({ name }) => name));
  for (const { mountPath } of container.volumeMounts.slice(0, 2)) expect(program).toContain(`'${mountPath}`);
  expect(pod.spec.volumes[0]?.configMap?.name).toBe(ofKind('ConfigMap').metadata.name);
  expect(program).toContain(`/${Object.keys(ofKind('ConfigMap').data)[0]}'`);
});

test('a stop ends before the pod is killed, also with the longer delay, and no hook takes of its time', () => {
  const delayMs = Number(/propagationDelayMs: (\d+)/.exec(program)?.[1]);
  const { leaveTimeoutMs, drainTimeoutMs, reserveMs, totalMs } = shutdownDefaults;
  expect(delayMs + drainTimeoutMs + reserveMs).toBeLessThanOrEqual(totalMs);
  expect(leaveTimeoutMs).toBeLessThan(totalMs);
  expect(totalMs).toBeLessThan(pod.spec.terminationGracePeriodSeconds * 1000);
  expect(container.lifecycle).toBeUndefined();
  // A shell or npm would not hand on the signal.
  expect(container.command[0]).toBe('node');
});
