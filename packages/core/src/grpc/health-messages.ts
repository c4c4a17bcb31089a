/**
 * The messages of the gRPC health protocol (`grpc.health.v1`), in Protocol Buffers' wire format. They have one or two fields
 * each, so they are written and read here, and no library for it is needed.
 */

/** How a service is, as the protocol numbers it. */
export const servingStatus = Object.freeze({ UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 });

/** One of {@link servingStatus}. */
export type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus];

/** Asks for one service; the empty name stands for the whole server. */
export interface HealthCheckRequest {
  readonly service: string;
}

/** How one service is. */
export interface HealthCheckResponse {
  readonly status: ServingStatus;
}

/** How all services are. */
export interface HealthListResponse {
  readonly statuses: Readonly<Record<string, HealthCheckResponse>>;
}

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** The first field of a message, whose content has a length. */
const firstWithLength = (1 << 3) | lengthDelimited;
/** The same for one that is a number. */
const firstNumber = (1 << 3) | varint;
const secondWithLength = (2 << 3) | lengthDelimited;

export function encodeCheckRequest({ service }: HealthCheckRequest): Buffer {
  return service === '' ? Buffer.alloc(0) : withLength(firstWithLength, Buffer.from(service));
}

/** @throws Error for bytes that are no such message. */
export function decodeCheckRequest(bytes: Buffer): HealthCheckRequest {
  let service = '';
  eachField(bytes, (key, content) => {
    if (key === firstWithLength && typeof content !== 'number') service = content.toString();
  });
  return { service };
}

export function encodeCheckResponse({ status }: HealthCheckResponse): Buffer {
  // The default of a field is not sent.
  return Buffer.from(status === servingStatus.UNKNOWN ? [] : [firstNumber, status]);
}

/** @throws Error for bytes that are no such message. */
export function decodeCheckResponse(bytes: Buffer): HealthCheckResponse {
  let found: number = servingStatus.UNKNOWN;
  eachField(bytes, (key, content) => {
    if (key === firstNumber && typeof content === 'number') found = content;
  });
  const known = Object.values(servingStatus).find((status) => status === found);
  return { status: known ?? servingStatus.UNKNOWN };
}

export function encodeListRequest(): Buffer {
  return Buffer.alloc(0);
}

/** @throws Error for bytes that are no message. */
export function decodeListRequest(bytes: Buffer): object {
  eachField(bytes, () => {});
  return {};
}

/** A map is a list of entries, each with a key and a value. */
export function encodeListResponse({ statuses }: HealthListResponse): Buffer {
  const entries = Object.entries(statuses).map(([service, response]) =>
    withLength(
      firstWithLength,
      Buffer.concat([
        withLength(firstWithLength, Buffer.from(service)),
        withLength(secondWithLength, encodeCheckResponse(response)),
      ]),
    ),
  );
  return Buffer.concat(entries);
}

/** @throws Error for bytes that are no such message. */
export function decodeListResponse(bytes: Buffer): HealthListResponse {
  const statuses: [string, HealthCheckResponse][] = [];
  eachField(bytes, (key, entry) => {
    if (key !== firstWithLength || typeof entry === 'number') return;
    let service = '';
    let response: HealthCheckResponse = { status: servingStatus.UNKNOWN };
    eachField(entry, (member, content) => {
      if (typeof content === 'number') return;
      if (member === firstWithLength) service = content.toString();
      if (member === secondWithLength) response = decodeCheckResponse(content);
    });
    statuses.push([service, response]);
  });
  return { statuses: Object.fromEntries(statuses) };
}

function withLength(key: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([key, ...varintBytes(content.length)]), content]);
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return bytes;
}

/** Tells of each field, also of those that a later version of the protocol has. */
function eachField(bytes: Buffer, found: (key: number, content: number | Buffer) => void): void {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw malformed();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = number();
    const type = key % 8;
    if (key < 8) throw malformed();
    if (type === varint) found(key, number());
    else if (type === lengthDelimited) found(key, take(number()));
    else if (type === fixed64) take(8);
    else if (type === fixed32) take(4);
    else throw malformed();
  }
}

function malformed(): Error {
  return new Error('the bytes are no message of grpc.health.v1');
}
