/** Requests as bytes, with the headers that a client of ours sends, and the answer that servers of the comparison give. */
const headers = {
  host: 'orders',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  'fwk-deadline-ms': '5000',
  'fwk-caller': 'bench',
};

/** @param {string} [body] JSON */
export function requestOf(method, path, body) {
  const all = body ? { ...headers, 'content-type': 'application/json', 'content-length': body.length } : headers;
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

export const isRightAnswer = (body) => body.startsWith('{"sku":"lamp","left":41');
