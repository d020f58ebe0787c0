import { concat } from '../forge/bytes.js';
import { foldChecksum, wordSum } from '../forge/checksum.js';
import { ethernet } from '../forge/ethernet.js';
import type { SeededRandom } from '../forge/random.js';
import type { Side } from '../forge/stream.js';
import { type Endpoint, TCP_FLAG, tcpOption, tcpPacket } from '../forge/tcp.js';
import type { PcapSink } from './sink.js';

/** Payload of a full segment with the time stamps option on an MTU of 1500. */
export const SEGMENT = 1448;

interface SideState {
  ends: { source: Endpoint; destination: Endpoint };
  /** A packet without payload, from the Ethernet header on. */
  template: Uint8Array;
  /** Words of the pseudo header that do not change. */
  pseudoSum: number;
  isn: number;
  sent: number;
  clock: number;
  lastStamp: number;
  identification: number;
}

const NOTHING = new Uint8Array(0);

/**
 * One TCP connection written straight into a capture: a header template for each side is copied and its numbers, time
 * stamps and checksums are patched. Both sides echo the other's last time stamp.
 */
export class TcpFlow {
  readonly #sink: PcapSink;
  readonly #random: SeededRandom;
  readonly #sides: Record<Side, SideState>;
  /** Mean of the time between two packets of the capture, microseconds. */
  readonly #gap: number;

  constructor(sink: PcapSink, random: SeededRandom, client: Endpoint, server: Endpoint, gap: number) {
    this.#sink = sink;
    this.#random = random;
    this.#gap = gap;
    this.#sides = {
      client: sideState(random, client, server),
      server: sideState(random, server, client),
    };
  }

  /** SYN or SYN-ACK. */
  syn(from: Side): void {
    const state = this.#sides[from];
    const other = this.#sides[from === 'client' ? 'server' : 'client'];
    state.lastStamp = this.#stamp(state);
    const answer = from === 'server';
    const packet = tcpPacket(
      {
        source: state.ends.source,
        destination: state.ends.destination,
        sequence: state.isn,
        acknowledgment: answer ? (other.isn + 1) >>> 0 : 0,
        flags: answer ? TCP_FLAG.syn | TCP_FLAG.ack : TCP_FLAG.syn,
        options: concat(
          tcpOption.maximumSegmentSize(1460),
          tcpOption.sackPermitted(),
          tcpOption.timestamps(state.lastStamp, answer ? other.lastStamp : 0),
          tcpOption.noOperation(),
          tcpOption.windowScale(7),
        ),
      },
      NOTHING,
    );
    this.#sink.packet(ethernet(packet), this.#wait());
  }

  /** A packet without payload. */
  acknowledge(from: Side): void {
    this.#emit(from, this.#sides[from].sent, TCP_FLAG.ack, NOTHING, 0, 0);
  }

  /** The next bytes of a side, at most a segment. */
  push(from: Side, data: Uint8Array, begin = 0, end = data.length): void {
    const state = this.#sides[from];
    this.#emit(from, state.sent, TCP_FLAG.ack | TCP_FLAG.psh, data, begin, end);
    state.sent += end - begin;
  }

  /** Bytes `begin` to `end` of a message that starts where the side stands, in any order; `sent` ends them. */
  pushPiece(from: Side, message: Uint8Array, begin: number, end: number): void {
    const at = this.#sides[from].sent + begin;
    this.#emit(from, at, TCP_FLAG.ack | TCP_FLAG.psh, message, begin, end);
  }

  /** The pieces of a message of `length` bytes are out. */
  sent(from: Side, length: number): void {
    this.#sides[from].sent += length;
  }

  /** FIN. */
  finish(from: Side): void {
    const state = this.#sides[from];
    this.#emit(from, state.sent, TCP_FLAG.fin | TCP_FLAG.ack, NOTHING, 0, 0);
    state.sent += 1;
  }

  #emit(from: Side, offset: number, flags: number, data: Uint8Array, begin: number, end: number): void {
    const state = this.#sides[from];
    const other = this.#sides[from === 'client' ? 'server' : 'client'];
    const { template } = state;
    const at = this.#sink.frame(template.length + end - begin, this.#wait());
    const { bytes } = this.#sink;
    bytes.set(template, at);
    if (end > begin) bytes.set(data.subarray(begin, end), at + template.length);
    const tcpLength = 32 + end - begin;
    const tcp = at + template.length - 32;
    if (template[12] === 0x08) patchIpv4(bytes, at + 14, 20 + tcpLength, state.identification++);
    else bytes.writeUInt16BE(tcpLength, at + 18);
    state.lastStamp = this.#stamp(state);
    bytes.writeUInt32BE((state.isn + 1 + offset) >>> 0, tcp + 4);
    bytes.writeUInt32BE((other.isn + 1 + other.sent) >>> 0, tcp + 8);
    bytes[tcp + 13] = flags;
    bytes.writeUInt32BE(state.lastStamp, tcp + 24);
    bytes.writeUInt32BE(other.lastStamp, tcp + 28);
    const sum = state.pseudoSum + tcpLength + wordSum(bytes, tcp, tcp + tcpLength);
    bytes.writeUInt16BE(foldChecksum(sum), tcp + 16);
  }

  /** Milliseconds of the side's own clock. */
  #stamp(state: SideState): number {
    return (state.clock + Math.floor(this.#sink.time / 1000)) >>> 0;
  }

  #wait(): number {
    return 1 + this.#random.below(2 * this.#gap);
  }
}

function sideState(random: SeededRandom, source: Endpoint, destination: Endpoint): SideState {
  const template = ethernet(
    tcpPacket(
      {
        source,
        destination,
        sequence: 0,
        window: 502,
        options: concat(tcpOption.noOperation(), tcpOption.noOperation(), tcpOption.timestamps(0, 0)),
      },
      NOTHING,
    ),
  );
  const version4 = template[12] === 0x08;
  template.fill(0, template.length - 16, template.length - 14);
  return {
    ends: { source, destination },
    template,
    pseudoSum: (version4 ? wordSum(template, 26, 34) : wordSum(template, 22, 54)) + 6,
    isn: random.u32(),
    sent: 0,
    clock: random.u32(),
    lastStamp: 0,
    identification: random.below(65536),
  };
}

function patchIpv4(bytes: Buffer, ip: number, totalLength: number, identification: number): void {
  bytes.writeUInt16BE(totalLength, ip + 2);
  bytes.writeUInt16BE(identification & 0xffff, ip + 4);
  bytes.writeUInt16BE(0, ip + 10);
  bytes.writeUInt16BE(foldChecksum(wordSum(bytes, ip, ip + 20)), ip + 10);
}
