/** Pieces of an SVG, as text. */

/** A text at a place. @param anchor - which end of it is at x */
export function label(
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
  look = '',
): string {
  const kind = look === '' ? '' : ` class="${look}"`;
  return `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}"${kind}>${escaped(text)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, look: string): string {
  return `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}" class="${look}"/>`;
}

export function bar(x: number, y: number, width: number, height: number, look: string): string {
  const size = `width="${short(Math.max(1, width))}" height="${short(height)}"`;
  return `<rect x="${short(x)}" y="${short(y)}" ${size} class="${look}"/>`;
}

export function dot(x: number, y: number, look: string): string {
  return `<circle cx="${short(x)}" cy="${short(y)}" r="4" class="${look}"/>`;
}

export function curve(points: readonly (readonly [number, number])[], look: string): string {
  return `<polyline points="${points.map(([x, y]) => `${short(x)},${short(y)}`).join(' ')}" class="${look}"/>`;
}

/** Text as it stands in XML. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function short(value: number): number {
  return Math.round(value * 10) / 10;
}
