/**
 * What a service must do with the headers of W3C trace context, level 2: the cases that the W3C's own test harness asks about, and
 * some that it leaves out. Each sends a request, and judges the headers of what the service then sends on.
 */
import { carried, type Judge, keeps, keepsTrace, newTrace, noMember, sameTraceForAll, spansDiffer } from './judges.js';

/** One request to the service. */
export interface TraceCase {
  readonly name: string;
  /** Names and values, as they are sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How often the service is to send something on. */
  readonly times: number;
  readonly judge: Judge;
}

const traceId = '12345678901234567890123456789012';
const spanId = '1234567890123456';
const parent = `00-${traceId}-${spanId}-01`;

function sending(name: string, headers: TraceCase['headers'], judge: Judge, times = 1): TraceCase {
  return { name, headers, judge, times };
}

const withParent = (name: string, value: string, judge: Judge) => sending(name, [['traceparent', value]], judge);
const refused = (name: string, value: string) => withParent(`${name}: begins a new trace`, value, newTrace(traceId));
const accepted = (name: string, value: string) => withParent(`${name}: goes on`, value, keepsTrace(traceId, spanId));

const withState = (name: string, values: readonly string[], judge: Judge) =>
  sending(name, [['traceparent', parent], ...values.map((value) => ['tracestate', value] as const)], judge);

const members = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `bar${from + index}=${from + index}`).join();

const keyCharacters = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/';
const valueCharacters = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index))
  .filter((character) => character !== ',' && character !== '=')
  .join('');

/** All cases. */
export const traceCases: readonly TraceCase[] = [
  sending('neither header: begins a trace', [], newTrace(traceId)),
  accepted('traceparent alone', parent),
  sending(
    'two traceparents that put one span into two traces: begins a new trace',
    [
      ['traceparent', `00-${traceId.replace(/2$/, '1')}-${spanId}-01`],
      ['traceparent', parent],
    ],
    newTrace(traceId, traceId.replace(/2$/, '1')),
  ),
  ...['trace-parent', 'trace.parent'].map((name) =>
    sending(`a header named ${name}: is none`, [[name, parent]], newTrace(traceId)),
  ),
  ...['TraceParent', 'TrAcEpArEnT', 'TRACEPARENT'].map((name) =>
    sending(`a header named ${name}: is read`, [[name, parent]], keepsTrace(traceId, spanId)),
  ),
  refused('version 00 with a dot behind it', `${parent}.`),
  refused('version 00 with more behind it', `${parent}-what-the-future-will-be-like`),
  accepted('version cc', `cc${parent.slice(2)}`),
  accepted('version cc with more behind a dash', `cc${parent.slice(2)}-what-the-future-will-be-like`),
  refused('version cc with more behind a dot', `cc${parent.slice(2)}.what-the-future-will-be-like`),
  refused('version ff', `ff${parent.slice(2)}`),
  ...['.0', '0.', '000', '0000', '0', '', 'FF', 'Cc'].map((version) =>
    refused(`version "${version}"`, `${version}${parent.slice(2)}`),
  ),
  withParent('a trace id of zeros: begins a new trace', `00-${'0'.repeat(32)}-${spanId}-01`, newTrace('0'.repeat(32))),
  ...['.2345678901234567890123456789012', '1234567890123456789012345678901.', `${traceId}3`, traceId.slice(1)].map(
    (id) => withParent(`the trace id ${id}: begins a new trace`, `00-${id}-${spanId}-01`, newTrace(id, traceId)),
  ),
  refused('upper case', parent.replace('12345678901234567890123456789012', 'ABCDEF78901234567890123456789012')),
  ...['0'.repeat(16), '.234567890123456', '123456789012345.', `${spanId}7`, spanId.slice(1)].map((id) =>
    refused(`the span id ${id}`, `00-${traceId}-${id}-01`),
  ),
  ...['.0', '0.', '001', '1', ''].map((flags) => refused(`the flags "${flags}"`, `00-${traceId}-${spanId}-${flags}`)),
  ...[` ${parent}`, `\t${parent}`, `${parent} `, `${parent}\t`, `\t ${parent} \t`].map((value) =>
    accepted(`white space round it (${JSON.stringify(value.replace(parent, '…'))})`, value),
  ),
  withParent(
    'the random flag is handed on',
    `00-${traceId}-${spanId}-02`,
    keeps(keepsTrace(traceId, spanId), 0x02, 0x02),
  ),
  withParent(
    'unknown flags are not handed on',
    `00-${traceId}-${spanId}-fd`,
    keeps(keepsTrace(traceId, spanId), 0xfc, 0),
  ),

  sending('tracestate alone: is dropped', [['tracestate', 'foo=1']], noMember('foo')),
  sending(
    'tracestate with a bad traceparent: is dropped',
    [
      ['traceparent', parent.toUpperCase().replace('01', 'zz')],
      ['tracestate', 'foo=1'],
    ],
    noMember('foo'),
  ),
  withState('tracestate with a traceparent: is handed on', ['foo=1,bar=2'], carried('foo=1', 'bar=2')),
  sending(
    'a header named trace-state: is none',
    [
      ['traceparent', parent],
      ['trace-state', 'foo=1'],
    ],
    noMember('foo'),
  ),
  ...['TraceState', 'TrAcEsTaTe', 'TRACESTATE'].map((name) =>
    sending(
      `a header named ${name}: is read`,
      [
        ['traceparent', parent],
        [name, 'foo=1'],
      ],
      carried('foo=1'),
    ),
  ),
  withState('an empty tracestate: is no fault', [''], keepsTrace(traceId, spanId)),
  withState('an empty one beside another: is no fault', ['foo=1', ''], carried('foo=1')),
  withState('an empty one before another: is no fault', ['', 'foo=1'], carried('foo=1')),
  withState(
    'several headers: are one list',
    ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'],
    carried('foo=1', 'bar=2', 'rojo=1', 'congo=2', 'baz=3'),
  ),
  ...[['foo=1,foo=1'], ['foo=1,foo=2'], ['foo=1', 'foo=1'], ['foo=1', 'foo=2']].map((values) =>
    withState(`a key twice (${values.join(' | ')}): the trace goes on`, values, keepsTrace(traceId, spanId)),
  ),
  withState('all characters that a key may have', [`${keyCharacters}=1`], carried(`${keyCharacters}=1`)),
  withState(
    'all characters that a key with a tenant may have',
    [`${keyCharacters}@a-z0-9_-*/=1`],
    carried(`${keyCharacters}@a-z0-9_-*/=1`),
  ),
  withState('all characters that a value may have', [`foo=${valueCharacters}`], carried(`foo=${valueCharacters}`)),
  ...['foo=1 \t , \t bar=2, \t baz=3', 'foo=1\t \t,\t \tbar=2,\t \tbaz=3'].map((value) =>
    withState(`white space round members (${JSON.stringify(value)})`, [value], carried('foo=1', 'bar=2', 'baz=3')),
  ),
  ...[' foo=1', '\tfoo=1', 'foo=1 ', 'foo=1\t', '\t foo=1 \t'].map((value) =>
    withState(`white space round the list (${JSON.stringify(value)})`, [value], carried('foo=1')),
  ),
  ...['foo =1', 'FOO=1', 'foo.bar=1', '@foo=1,bar=2', 'foo=bar=baz', 'foo=,bar=3', 'foo', `${'z'.repeat(257)}=1`].map(
    (value) =>
      withState(`a malformed member (${value.slice(0, 20)}): drops the list`, ['good=1', value], noMember('good')),
  ),
  ...['foo@=1,bar=2', 'foo@@bar=1,bar=2', 'foo@bar@baz=1,bar=2'].map((value) =>
    withState(`at signs in a key (${value})`, [value], carried(...value.split(','))),
  ),
  withState(
    '32 members: are handed on',
    [members(1, 10), members(11, 20), members(21, 32)],
    carried(...members(1, 32).split(',')),
  ),
  withState('33 members: are dropped', [members(1, 10), members(11, 20), members(21, 33)], noMember('bar1')),
  ...['z'.repeat(256), `${'t'.repeat(241)}@${'v'.repeat(14)}`, `${'t'.repeat(242)}@v`, `t@${'v'.repeat(15)}`].map(
    (key) =>
      withState(
        `a key of ${key.length} characters (${key.slice(-3)})`,
        ['foo=1', `${key}=1`],
        carried('foo=1', `${key}=1`),
      ),
  ),

  sending('three calls in one trace', [['traceparent', parent]], sameTraceForAll(traceId), 3),
  sending('three calls without a trace: have spans of their own', [], spansDiffer('0'.repeat(32)), 3),
  sending(
    'three calls with a bad traceparent: begin a new trace',
    [['traceparent', `00-${'0'.repeat(32)}-${spanId}-01`]],
    spansDiffer('0'.repeat(32)),
    3,
  ),
];
