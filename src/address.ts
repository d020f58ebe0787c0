/** Bytes of an IPv4 or IPv6 address in text form, in network order. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.').map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const word = (high: string | undefined, low: string | undefined) =>
    ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${word(dotted[2], dotted[3])}:${word(dotted[4], dotted[5])}` : text;
  const [head = '', tail] = plain.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((w) => Number.parseInt(w, 16)));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const zeros = new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((w) => [w >> 8, w & 0xff]));
}

/** The longest run of zero words, two at least, the first of equals (RFC 5952 §4.2); length 0 if there is none. */
function zeroRun(words: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < words.length; at++) {
    let length = 0;
    while (words[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  return best.length > 1 ? best : { at: 0, length: 0 };
}

/** Canonical text of 4 or 16 bytes in network order (RFC 5952 for IPv6). */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':');
  const { at, length } = zeroRun(words);
  return length === 0 ? text(words) : `${text(words.slice(0, at))}::${text(words.slice(at + length))}`;
}
