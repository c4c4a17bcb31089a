type Json = Record<string, unknown>;

/** GETs JSON of a shape that the caller knows, or says which URL answered what. */
export async function getJson<T = Json>(url: string): Promise<T> {
  return (await send(url, { method: 'GET' })) as T;
}

/** PUTs JSON. */
export function putJson(url: string, body: object): Promise<Json> {
  return send(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function send(url: string, init: RequestInit): Promise<Json> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as Json;
}
