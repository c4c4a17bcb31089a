import { describe, expect, test } from 'vitest';
import { type HealthList, readHealthList } from './health-entries.js';

interface Made {
  readonly ours?: boolean;
  readonly service?: string;
  readonly check?: object;
}

function entry({ ours = false, service = 'inventory', check = {} }: Made) {
  return {
    Node: { Node: 'n', Address: '127.0.0.1' },
    Service: { ID: 'a', Service: service, Port: 1, Meta: ours ? { 'fwk-status': 'UP' } : {} },
    Checks: [
      { CheckID: 'serfHealth', Status: 'passing', Output: 'Agent alive' },
      { CheckID: 'service:a', Status: 'critical', Output: '', Notes: '', Type: 'http', ...check },
    ],
  };
}

const statusIn = ({ instances }: HealthList) => instances[0]?.status;
const always = () => true;
const never = () => false;

describe('an instance whose check the agent has not made yet', () => {
  test('is as it says when it is ours, and as it was when it is another’s', () => {
    expect(statusIn(readHealthList([entry({ ours: true })], 'inventory', [], always))).toBe('UP');
    const before = readHealthList([entry({ check: { Status: 'passing' } })], 'inventory', [], always);
    expect(statusIn(readHealthList([entry({})], 'inventory', before.instances, always))).toBe('UP');
    expect(statusIn(readHealthList([entry({})], 'inventory', [], always))).toBe('DOWN');
  });

  test('is DOWN once that has lasted too long', () => {
    expect(statusIn(readHealthList([entry({ ours: true })], 'inventory', [], never))).toBe('DOWN');
  });
});

test.each([
  ['it was made and failed', { Output: 'connection refused' }],
  ['no report of life came', { Type: 'ttl' }],
  ['the instance was registered as failing', { Notes: 'failing, registered again' }],
  ['its kind is not known', { Type: undefined }],
])('an instance is DOWN when its check is critical because %s', (_why, check) => {
  expect(statusIn(readHealthList([entry({ ours: true, check })], 'inventory', [], always))).toBe('DOWN');
});

test('an operator’s maintenance counts though it has no output', () => {
  const check = { CheckID: '_service_maintenance:a', Type: 'maintenance' };
  expect(statusIn(readHealthList([entry({ ours: true, check })], 'inventory', [], always))).toBe('OUT_OF_SERVICE');
});

test.each([
  ['{"__proto__":"x"}', 'Meta.__proto__'],
  ['{"constructor":{"prototype":{}}}', 'Meta.constructor.prototype'],
])(
  'an instance whose Meta has a dangerous key is refused, with where it stands, and hides no other: %s',
  (meta, path) => {
    const bad = entry({});
    const list = [{ ...bad, Service: { ...bad.Service, ID: 'bad', Meta: JSON.parse(meta) } }, entry({ ours: true })];
    const { instances, unreadable } = readHealthList(list, 'inventory', [], always);
    expect(instances.map(({ id }) => id)).toEqual(['a']);
    expect(unreadable).toEqual([`the key "${path}" is not allowed; choose another name`]);
  },
);

test('instances of a service whose name differs in case are left out', () => {
  expect(readHealthList([entry({ service: 'Inventory' })], 'inventory', [], always).instances).toEqual([]);
});
