/** The wire format of the messages, against what other programs send. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeCheckRequest,
  decodeCheckResponse,
  decodeListRequest,
  decodeListResponse,
  encodeCheckRequest,
  encodeCheckResponse,
  encodeListResponse,
  servingStatus,
} from './health-messages.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('messages', () => {
  test.each([
    ['', ''],
    ['0a 00', ''],
    ['0a 04 73686f70', 'shop'],
    ['0a 01 61 0a 04 73686f70', 'shop'],
    ['10 96 01 0a 04 73686f70 1d 00000000 21 0000000000000000 2a 02 0102', 'shop'],
  ])('a request of the bytes "%s" asks for "%s"', (bytes, service) => {
    expect(decodeCheckRequest(hex(bytes))).toEqual({ service });
  });

  test.each(['0a', '0a 05 61', '00', '0b', '0f', '0a ffffffffffffffffffff01', 'ff', '1d 0000'])(
    'the bytes "%s" are refused',
    (bytes) => {
      expect(() => decodeCheckRequest(hex(bytes))).toThrow('no message of grpc.health.v1');
      expect(() => decodeListRequest(hex(bytes))).toThrow('no message of grpc.health.v1');
    },
  );

  test('are written as protoc writes them', () => {
    expect(encodeCheckRequest({ service: 'shop' }).toString('hex')).toBe('0a0473686f70');
    expect(encodeCheckResponse({ status: servingStatus.UNKNOWN })).toHaveLength(0);
    expect(encodeCheckResponse({ status: servingStatus.NOT_SERVING }).toString('hex')).toBe('0802');
    const statuses = { '': { status: servingStatus.SERVING }, shop: { status: servingStatus.NOT_SERVING } };
    expect(encodeListResponse({ statuses }).toString('hex')).toBe('0a060a0012020801' + '0a0a0a0473686f7012020802');
  });

  test('come back as they were, whatever the names', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.constantFrom(0, 1, 2, 3)), (given) => {
        const statuses = Object.fromEntries(Object.entries(given).map(([name, status]) => [name, { status }]));
        const read = decodeListResponse(encodeListResponse({ statuses }));
        expect(Object.entries(read.statuses)).toEqual(Object.entries(statuses));
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (service) => {
        // Lone surrogates have no form in UTF-8.
        const wellFormed = Buffer.from(service).toString();
        expect(decodeCheckRequest(encodeCheckRequest({ service: wellFormed }))).toEqual({ service: wellFormed });
      }),
    );
  });

  test('bytes of any kind are read or refused, and never hang', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(typeof decodeCheckRequest(Buffer.from(bytes)).service).toBe('string');
        } catch (error) {
          expect(String(error)).toContain('grpc.health.v1');
        }
      }),
    );
  });

  test('a status that a later version has is unknown', () => {
    expect(decodeCheckResponse(hex('08 07'))).toEqual({ status: servingStatus.UNKNOWN });
  });
});
