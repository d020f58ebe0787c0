/** A handshake message cut out of a stream, with what carried it. */
export interface HandshakeMessage {
  type: number;
  /** Without the handshake header. */
  body: Uint8Array;
  /** Version of the record that began it; null in QUIC. */
  recordVersion: number | null;
  /** The packets that brought its bytes, ascending, each once. */
  packets: number[];
}

/** A growing run of bytes and, for each, the number of the packet that brought it. */
export interface Carried {
  readonly bytes: readonly number[];
  readonly packets: readonly number[];
}

/** How far a search for TLS goes into a stream that begins with something else (STARTTLS, proxies). */
const SEARCH_LIMIT = 65536;

/**
 * Reads the handshake messages of one direction of a TLS connection from its growing stream. A record need not be whole
 * before its bytes count. After a ChangeCipherSpec only what looks like a ClientHello in the clear is read, because TLS 1.3
 * sends a dummy one between the two hellos (RFC 8446 appendix D.4).
 */
export class TlsReader {
  readonly #stream: Carried;
  readonly #messages = new MessageSplitter();
  #at = 0;
  #found = false;
  #recordLeft = 0;
  #recordType = 0;
  #cipherChanged = false;

  constructor(stream: Carried) {
    this.#stream = stream;
  }

  /** The messages that became complete since the last call. */
  read(): HandshakeMessage[] {
    const found: HandshakeMessage[] = [];
    if (!this.#found && !this.#findStart()) return found;
    while (this.#at < this.#stream.bytes.length) {
      if (this.#recordLeft === 0 && !this.#beginRecord()) break;
      const end = Math.min(this.#at + this.#recordLeft, this.#stream.bytes.length);
      if (this.#recordType === 22) found.push(...this.#messages.add(this.#stream, this.#at, end));
      this.#recordLeft -= end - this.#at;
      this.#at = end;
    }
    return found;
  }

  #findStart(): boolean {
    const { bytes } = this.#stream;
    if (bytes.length < 11) return false;
    if (this.#at === 0 && looksLikeRecord(bytes, 0)) return (this.#found = true);
    while (this.#at + 11 <= bytes.length && this.#at < SEARCH_LIMIT) {
      if (looksLikeHello(bytes, this.#at)) return (this.#found = true);
      this.#at++;
    }
    return false;
  }

  #beginRecord(): boolean {
    const { bytes, packets } = this.#stream;
    if (this.#at + 5 > bytes.length) return false;
    if (!looksLikeRecord(bytes, this.#at)) {
      // Lost in the stream: no more handshake can be read from it.
      this.#at = bytes.length;
      return false;
    }
    const type = bytes[this.#at]!;
    const length = bytes[this.#at + 3]! * 256 + bytes[this.#at + 4]!;
    if (type === 22 && this.#cipherChanged) {
      if (this.#at + 11 > bytes.length && this.#at + 5 + length > bytes.length) return false;
      this.#recordType = looksLikeHello(bytes, this.#at) ? 22 : 23;
    } else {
      this.#recordType = type;
    }
    if (type === 20) this.#cipherChanged = true;
    if (this.#recordType === 22) {
      this.#messages.begin(
        bytes[this.#at + 1]! * 256 + bytes[this.#at + 2]!,
        packets.slice(this.#at, this.#at + 5),
      );
    }
    this.#recordLeft = length;
    this.#at += 5;
    return true;
  }
}

/** Cuts handshake bytes into messages (RFC 8446 §4): type, 24-bit length, body. */
export class MessageSplitter {
  #bytes: number[] = [];
  #packets = new Set<number>();
  #recordVersion: number | null = null;

  /** A record begins; if no message is under way, its header belongs to the next one. */
  begin(version: number | null, headerPackets: readonly number[]): void {
    if (this.#bytes.length === 0) this.#recordVersion = version;
    for (const packet of headerPackets) this.#packets.add(packet);
  }

  /** Bytes `from` to `to` of `source` follow; returns the messages that they complete. */
  add(source: Carried, from: number, to: number): HandshakeMessage[] {
    const found: HandshakeMessage[] = [];
    for (let i = from; i < to; i++) {
      this.#bytes.push(source.bytes[i]!);
      this.#packets.add(source.packets[i]!);
      const message = this.#takeMessage();
      if (message) found.push(message);
    }
    return found;
  }

  #takeMessage(): HandshakeMessage | null {
    const bytes = this.#bytes;
    if (bytes.length < 4) return null;
    const length = bytes[1]! * 65536 + bytes[2]! * 256 + bytes[3]!;
    if (bytes.length < 4 + length) return null;
    const message = {
      type: bytes[0]!,
      body: Uint8Array.from(bytes.slice(4)),
      recordVersion: this.#recordVersion,
      packets: [...this.#packets].sort((a, b) => a - b),
    };
    this.#bytes = [];
    this.#packets = new Set();
    return message;
  }
}

function looksLikeRecord(bytes: readonly number[], at: number): boolean {
  const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
  return bytes[at]! >= 20 && bytes[at]! <= 24 && bytes[at + 1] === 3 && length <= 16384 + 2048;
}

/** A handshake record that begins with a ClientHello or ServerHello of a likely length. */
function looksLikeHello(bytes: readonly number[], at: number): boolean {
  const type = bytes[at + 5];
  const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
  const messageLength = bytes[at + 7]! * 256 + bytes[at + 8]!;
  return (
    looksLikeRecord(bytes, at) &&
    bytes[at] === 22 &&
    bytes[at + 2]! <= 4 &&
    (type === 1 || type === 2) &&
    bytes[at + 6] === 0 &&
    bytes[at + 9] === 3 &&
    messageLength >= 38 &&
    length >= 4
  );
}
