/** Writes a text as Redis reads one: its length in bytes, then itself. */
export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
