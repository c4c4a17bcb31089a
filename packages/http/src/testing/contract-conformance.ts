/**
 * Whether a running server keeps a contract, whatever it is made of: each operation answers an example as the contract
 * says, and refuses what the contract does not allow with a problem document, over HTTP, over Mux or within one process. The cases use `node:assert`
 * and `node:http`, so that they run under any test runner.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { Wire } from '@fwk/discovery';
import { parseJson, problemType, systemClock } from '@fwk/kernel';
import { clientOperation } from '../calling/operation-request.js';
import { readAnswer } from '../calling/read-answer.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import { type GivenRequest, prepareRequest } from '../client/prepare-request.js';
import { type Coding, codingOf } from '../coding/codings.js';
import { expand } from '../coding/expand.js';
import type { OperationPlan } from '../contract/contract.js';
import type { AnyContract, ErrorOf, OperationName, RequestOf } from '../contract/contract-types.js';
import { locallyServed } from '../local/local-group.js';
import type { HttpServer } from '../server/http-server.js';
import { headerNames } from '../wire/headers.js';
import { formatIssues, validatePart } from '../wire/validate.js';
import { exchangeLocally } from './local-exchange.js';
import { streamedBodyOf, streamsWell } from './stream-conformance.js';

/** An example request for each operation; the server must answer it well. */
export type Examples<C> = { readonly [Op in OperationName<C>]: RequestOf<C, Op> };

/** One thing that a server of the contract does; hand it to any test runner. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

/** For operations that declare errors, requests that the server must answer with them, by name. */
export type ErrorExamples<C> = {
  readonly [Op in OperationName<C>]?: { readonly [Name in ErrorOf<C, Op>['name']]?: RequestOf<C, Op> };
};

/** Options of {@link contractConformance}. */
export interface ConformanceOptions<C = AnyContract> {
  /** Requests that the server must answer with errors that the contract declares. @defaultValue none */
  readonly errors?: ErrorExamples<C>;
  /** The wire that the server is asked over. @defaultValue 'http' */
  readonly wire?: Wire;
}

/**
 * What every server of a contract does, as test cases.
 * @param where - answers the server's base URL when a case runs, such as `http://127.0.0.1:4001`; with the wire `local` the server
 * itself, made by `createServer`.
 * @example for (const { name, run } of contractConformance(inventory, () => url, examples)) test(name, run);
 */
export function contractConformance<C extends AnyContract>(
  contract: C,
  where: () => string | HttpServer,
  examples: Examples<C>,
  { wire = 'http', errors = {} }: ConformanceOptions<C> = {},
): readonly ConformanceCase[] {
  return contract.plans.flatMap((plan) => {
    const given = Reflect.get(examples, plan.name) as GivenRequest;
    const ask = async (change: Partial<Sent>, example = given): Promise<Received> => {
      const {
        path,
        body: whole,
        headers,
      } = await prepareRequest(clientOperation(plan, 'conformance'), example, undefined);
      const body = plan.bodyStream ? await streamedBodyOf(plan, plan.bodyStream, example.body) : whole;
      const key = plan.idempotencyKey ? `"${randomUUID()}"` : undefined;
      const to = where();
      const sent = { path, body, own: pairsIn(headers), key, ...change };
      if (typeof to !== 'string') return sendLocally(contract, plan, to, sent);
      // Streams go over HTTP.
      const overMux = wire === 'mux' && !plan.stream && !plan.bodyStream;
      return overMux ? sendOverMux(contract, plan, to, sent) : send(plan.method, to, sent);
    };
    const cases: ConformanceCase[] = [
      {
        name: `${plan.id} answers its example as the contract says`,
        run: async () => answersWell(plan, await ask({})),
      },
    ];
    if (plan.body && plan.content.kind === 'json') {
      cases.push({
        name: `${plan.id} refuses a body that is not JSON`,
        run: async () => refuses(await ask({ body: '{"' }), 400),
      });
    }
    if (plan.bodyStream?.content.kind === 'bytes') {
      // A caller in the same process says no content type.
      if (wire !== 'local') {
        cases.push({
          name: `${plan.id} refuses a file of another content type`,
          run: async () => refuses(await ask({ own: { 'content-type': 'text/x-other' } }), 415),
        });
      }
    } else if (plan.bodyStream) {
      cases.push({
        name: `${plan.id} refuses a body with a line that is not JSON`,
        run: async () => refuses(await ask({ body: '{"\n' }), 400),
      });
    }
    if (wire === 'http' && !plan.stream) {
      cases.push({
        name: `${plan.id} compresses its answer only as the caller takes it`,
        run: async () => answersWell(plan, await expanded(plan, await ask({ acceptEncoding: 'gzip' }), 'gzip')),
      });
    }
    // A caller in the same process asks for no form.
    if (plan.stream && wire !== 'local') {
      cases.push({
        name: `${plan.id} refuses to answer its stream in another form`,
        run: async () => refuses(await ask({ own: { accept: 'text/html' } }), 406),
      });
    }
    if (plan.idempotencyKey) {
      cases.push(
        {
          name: `${plan.id} refuses a request without an idempotency key`,
          run: async () => refuses(await ask({ key: undefined }), 400),
        },
        {
          name: `${plan.id} gives the same answer to the same key`,
          async run() {
            const key = `"${randomUUID()}"`;
            assert.deepEqual((await ask({ key })).text, (await ask({ key })).text);
          },
        },
      );
    }
    for (const [name, example] of Object.entries<GivenRequest>(Reflect.get(errors, plan.name) ?? {})) {
      cases.push({
        name: `${plan.id} answers ${name} as the contract says`,
        run: async () => answersError(plan, name, await ask({}, example)),
      });
    }
    cases.push({
      name: `${plan.id} does not begin when its time is over`,
      run: async () => refuses(await ask({ deadlineMs: '0' }), 504),
    });
    return cases;
  });
}

/** An answer as it is behind its `Content-Encoding`. @param accepted - the one that the caller takes */
async function expanded({ id }: OperationPlan, received: Received, accepted: Coding): Promise<Received> {
  const encoding = received.headers['content-encoding'];
  const coding = codingOf(encoding);
  if (coding === undefined) return received;
  assert.equal(coding, accepted, `${id} answered in ${encoding} to a caller that takes ${accepted}`);
  const bytes = await expand(accepted, received.bytes, expandLimits);
  assert.ok(Buffer.isBuffer(bytes), `${id} answered what is not valid ${accepted}, or expands to too much`);
  return { ...received, bytes, text: bytes.toString() };
}

const expandLimits = Object.freeze({ maxBytes: 1_073_741_824, maxRatio: 100_000 });

async function answersWell(plan: OperationPlan, received: Received): Promise<void> {
  const { id, response, answers } = plan;
  const { status, type, text } = received;
  if (plan.stream) {
    await streamsWell(plan, plan.stream, received);
    return;
  }
  if (answers) {
    await readAnswer(plan, receivedAnswer(received), systemClock);
    assert.ok(answers.byStatus.has(status), `${id} answered ${status}: ${text.slice(0, 500)}`);
    return;
  }
  assert.equal(status, response ? 200 : 204, `${id} answered ${status}: ${text.slice(0, 500)}`);
  if (!response) return assert.equal(text, '', `${id} answered a body although its contract has none`);
  assert.match(type, /^application\/json\b/, `${id} answered ${type}, not JSON`);
  const { issues } = await validatePart(response, 'response', parseJson(text));
  assert.equal(issues, undefined, `${id}: ${formatIssues(issues ?? [])}`);
}

/** As a client sees it. */
function receivedAnswer({ status, type, text, bytes, headers }: Received): ReceivedAnswer {
  return {
    status,
    text: () => text,
    bytes: () => bytes,
    header: (name) => (name === 'content-type' ? type : headers[name]),
  };
}

function refuses({ status, type, text }: Received, expected: number): void {
  assert.equal(status, expected, `expected ${expected}, not ${status}: ${text.slice(0, 500)}`);
  assert.ok(type.startsWith(problemType), `expected a problem document, not ${type}`);
  const problem = parseJson(text) as { readonly status?: unknown; readonly title?: unknown };
  assert.equal(problem.status, expected, 'the document has another status than the answer');
  assert.equal(typeof problem.title, 'string', 'the document has no title');
}

async function answersError({ id, errors = [] }: OperationPlan, name: string, received: Received): Promise<void> {
  const declared = errors.find((error) => error.name === name);
  assert.ok(declared, `${id} declares no error ${name}`);
  refuses(received, declared.status);
  const problem = parseJson(received.text) as { readonly type?: unknown; readonly data?: unknown };
  assert.equal(problem.type, declared.type, `${id} answered another problem than ${name}`);
  if (!declared.data) return;
  const { issues } = await validatePart(declared.data, 'error', problem.data);
  assert.equal(issues, undefined, `${id}: ${formatIssues(issues ?? [])}`);
}

interface Sent {
  readonly path: string;
  readonly body: string | Uint8Array | undefined;
  /** Headers of the operation and of the example. */
  readonly own: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  readonly deadlineMs?: string;
  readonly acceptEncoding?: string;
}

interface Received {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

function pairsIn(headers: readonly string[]): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2)
    pairs[headers[index] as string] = headers[index + 1] as string;
  return pairs;
}

/** The type of JSON is not sent over Mux. */
async function sendOverMux(
  { name }: AnyContract,
  plan: OperationPlan,
  url: string,
  { path, body, ...sent }: Sent,
): Promise<Received> {
  const { exchangeOverMux } = await import('./mux-exchange.js');
  const destination = `/${name}/${plan.name}`;
  const { accept: _, 'content-type': __, ...own } = headersOf(sent);
  const answer = await exchangeOverMux({ url, destination, target: path, body, headers: own });
  const { status, headers } = answer;
  return { ...answer, type: headers['content-type'] ?? (status < 400 ? 'application/json' : problemType) };
}

async function sendLocally(
  { name }: AnyContract,
  plan: OperationPlan,
  to: HttpServer,
  { path, body, ...sent }: Sent,
): Promise<Received> {
  const server = locallyServed(to);
  assert.ok(server, 'the server must be made by createServer()');
  const destination = `/${name}/${plan.name}`;
  const answer = await exchangeLocally({ server, destination, target: path, body, headers: headersOf(sent) });
  return { ...answer, type: answer.headers['content-type'] ?? '' };
}

function headersOf({
  own,
  key,
  deadlineMs,
  acceptEncoding,
}: Omit<Sent, 'path' | 'body'>): Readonly<Record<string, string>> {
  return {
    ...own,
    ...(key !== undefined && { [headerNames.idempotencyKey]: key }),
    ...(deadlineMs !== undefined && { [headerNames.deadlineMs]: deadlineMs }),
    ...(acceptEncoding !== undefined && { 'accept-encoding': acceptEncoding }),
  };
}

function send(method: string, url: string, { path, body, ...sent }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const headers = headersOf(sent);
    const asked = request(url + path, { method, headers, agent: false, timeout: 10_000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: answer.headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString(),
          bytes: Buffer.concat(chunks),
          headers: plainHeaders(answer.headers),
        }),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} was not answered in 10 s`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Those that stand once. */
function plainHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const plain = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
  return Object.fromEntries(plain);
}
