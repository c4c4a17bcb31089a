/**
 * Follows what a service says has happened, on its `/manage/events` stream, until the service ends.
 * @param onEvent - given each event's name.
 */
export async function followEvents(management: string, onEvent: (name: string) => void): Promise<void> {
  const answer = await fetch(`${management}/manage/events`);
  if (!answer.ok || !answer.body) throw new Error(`${management}/manage/events answered ${answer.status}`);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('event: ')) onEvent(line.slice('event: '.length));
  }
}
