import { concat } from './bytes.js';
import type { ForgedPacket } from './capture.js';
import type { SeededRandom } from './random.js';
import { type Endpoint, TCP_FLAG, tcpOption, tcpPacket } from './tcp.js';

/** Who sends. */
export type Side = 'client' | 'server';

/** A piece of one direction: its bytes and where they lie, counted from the first byte after the SYN. */
export interface StreamPiece {
  offset: number;
  data: Uint8Array;
}

/** Changes the pieces of one `send` before they become packets: order, repetition, loss. */
export type Arrangement = (pieces: StreamPiece[]) => StreamPiece[];

/** The ends of a connection and its numbers; all have defaults but the ends. */
export interface TcpStreamFormat {
  client: Endpoint;
  server: Endpoint;
  clientSequence?: number;
  serverSequence?: number;
  /** Largest payload of a segment in bytes; 1460 if absent. */
  segmentSize?: number;
  /** Time of the first packet, nanoseconds since 1970. */
  start?: bigint;
  /** Time between packets in nanoseconds; 1 ms if absent. */
  step?: bigint;
  /** Write the time stamps option, each side echoing the other's last value (RFC 7323 §3). */
  timestamps?: boolean;
}

interface SideState {
  sequence: number;
  sent: number;
  timestamp: number;
}

/**
 * The script of one TCP connection: each call appends IP packets to `packets`, in the order in which they will be captured.
 * Sequence numbers wrap modulo 2^32; initial ones may be chosen to make them do so.
 */
export class TcpStream {
  readonly packets: ForgedPacket[] = [];
  readonly #format: TcpStreamFormat;
  readonly #state: Record<Side, SideState>;
  #time: bigint;

  constructor(format: TcpStreamFormat) {
    this.#format = format;
    this.#time = format.start ?? 1_700_000_000_000_000_000n;
    this.#state = {
      client: { sequence: format.clientSequence ?? 1000, sent: 0, timestamp: 100_000 },
      server: { sequence: format.serverSequence ?? 500_000, sent: 0, timestamp: 7_000_000 },
    };
  }

  /** SYN, SYN-ACK, ACK. */
  open(): this {
    this.syn();
    this.packet('server', -1, TCP_FLAG.syn | TCP_FLAG.ack);
    return this.packet('client', 0, TCP_FLAG.ack);
  }

  /** The client's SYN alone. */
  syn(): this {
    return this.packet('client', -1, TCP_FLAG.syn);
  }

  /** Bytes from one side, cut to segments and put into the arrangement's order; then one ACK from the other side. */
  send(
    from: Side,
    data: Uint8Array,
    options: { segmentSize?: number; arrange?: Arrangement; acknowledge?: boolean } = {},
  ): this {
    const state = this.#state[from];
    const size = options.segmentSize ?? this.#format.segmentSize ?? 1460;
    const pieces: StreamPiece[] = [];
    for (let at = 0; at < data.length; at += size) {
      pieces.push({ offset: state.sent + at, data: data.subarray(at, at + size) });
    }
    state.sent += data.length;
    for (const piece of options.arrange ? options.arrange(pieces) : pieces) {
      this.packet(from, piece.offset, TCP_FLAG.psh | TCP_FLAG.ack, piece.data);
    }
    if (options.acknowledge !== false) this.packet(other(from), this.#state[other(from)].sent, TCP_FLAG.ack);
    return this;
  }

  /** FIN and ACK both ways. */
  close(): this {
    this.packet('client', this.#state.client.sent, TCP_FLAG.fin | TCP_FLAG.ack);
    this.packet('server', this.#state.server.sent, TCP_FLAG.fin | TCP_FLAG.ack);
    return this.packet('client', this.#state.client.sent + 1, TCP_FLAG.ack);
  }

  /** A reset from one side. */
  reset(from: Side): this {
    return this.packet(from, this.#state[from].sent, TCP_FLAG.rst | TCP_FLAG.ack);
  }

  /** Wait before the next packet. */
  pause(nanoseconds: bigint): this {
    this.#time += nanoseconds;
    return this;
  }

  /** One packet as told: `offset` counts from the first byte after the SYN, -1 is the SYN itself. */
  packet(from: Side, offset: number, flags: number, data: Uint8Array = new Uint8Array(0)): this {
    const sender = this.#state[from];
    const receiver = this.#state[other(from)];
    const { client, server, step = 1_000_000n } = this.#format;
    this.packets.push({
      time: this.#time,
      data: tcpPacket(
        {
          source: from === 'client' ? client : server,
          destination: from === 'client' ? server : client,
          sequence: (sender.sequence + 1 + offset) >>> 0,
          acknowledgment: flags & TCP_FLAG.ack ? (receiver.sequence + 1 + receiver.sent) >>> 0 : 0,
          flags,
          options: this.#options(from, flags),
        },
        data,
      ),
    });
    this.#time += step;
    return this;
  }

  #options(from: Side, flags: number): Uint8Array {
    const parts: Uint8Array[] = [];
    if (flags & TCP_FLAG.syn) {
      parts.push(tcpOption.maximumSegmentSize(this.#format.segmentSize ?? 1460), tcpOption.sackPermitted());
    }
    if (this.#format.timestamps) {
      const echo = flags & TCP_FLAG.ack ? this.#state[other(from)].timestamp : 0;
      const value = ++this.#state[from].timestamp;
      if (!(flags & TCP_FLAG.syn)) parts.push(tcpOption.noOperation(), tcpOption.noOperation());
      parts.push(tcpOption.timestamps(value, echo));
    }
    if (flags & TCP_FLAG.syn) parts.push(tcpOption.noOperation(), tcpOption.windowScale(7));
    return concat(...parts);
  }
}

/** Ready arrangements. Indexes count the pieces from 0. */
export const arrange = {
  /** Last piece first. */
  reversed: (pieces: StreamPiece[]): StreamPiece[] => [...pieces].reverse(),
  /** Random order. */
  shuffled:
    (random: SeededRandom): Arrangement =>
    (pieces) =>
      random.shuffled(pieces),
  /** Each piece twice in a row. */
  doubled: (pieces: StreamPiece[]): StreamPiece[] => pieces.flatMap((piece) => [piece, piece]),
  /** One piece is lost. */
  without:
    (index: number): Arrangement =>
    (pieces) =>
      pieces.filter((_, i) => i !== index),
  /** One piece is captured only after all others. */
  late:
    (index: number): Arrangement =>
    (pieces) => [...pieces.filter((_, i) => i !== index), ...pieces.filter((_, i) => i === index)],
  /** Each piece but the first begins `count` bytes early, repeating the end of the one before. */
  overlapping:
    (count: number): Arrangement =>
    (pieces) =>
      pieces.map((piece, i) => {
        const before = pieces[i - 1]?.data;
        if (!before) return piece;
        const tail = before.subarray(Math.max(0, before.length - count));
        return { offset: piece.offset - tail.length, data: concat(tail, piece.data) };
      }),
} as const;

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}
