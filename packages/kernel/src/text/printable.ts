/**
 * Text from outside as a terminal may show it: characters that could move the cursor, change colours, forge lines or
 * turn the direction of writing are shown as `\u001b`. Inside JSON that means the same character.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, escaped);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function escaped(character: string): string {
  let shown = '';
  for (let index = 0; index < character.length; index++) {
    shown += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return shown;
}
