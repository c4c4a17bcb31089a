import { expect, test } from 'vitest';
import { samplesOf } from './exposition.js';

test('samples of one family are read with their labels, others and comments left out', () => {
  const text = [
    '# HELP http_server_request_duration_seconds how long',
    'http_server_request_duration_seconds_bucket{http_route="/a/{b}",le="+Inf"} 4',
    'http_server_request_duration_seconds_count{http_route="say \\"hi\\""} 4',
    'other_total 3',
  ].join('\n');
  expect(samplesOf(text, 'http_server_request_duration_seconds')).toEqual([
    { name: 'http_server_request_duration_seconds_bucket', labels: { http_route: '/a/{b}', le: '+Inf' }, value: 4 },
    { name: 'http_server_request_duration_seconds_count', labels: { http_route: 'say \\"hi\\"' }, value: 4 },
  ]);
});
