import { type Output, type OutputTarget, openOutput } from '../sink/output.js';
import { CaptureParser, type InterfaceInfo, type PacketInfo } from '../source/capture-blocks.js';
import { openSource } from '../source/open.js';
import { VERSION } from '../version.js';
import { FlowFinder } from './find-flow.js';
import { interfaceBlock, packetBlock, sectionBlock } from './pcapng-writer.js';
import type { Message, Selection } from './select.js';

/** What is written. */
export interface ExtractOptions {
  readonly out: OutputTarget;
  /** All packets of the connections, not just those that carry the handshake messages. */
  readonly flows: boolean;
  /** Stands in the comment of the file. */
  readonly where: string;
  readonly signal?: AbortSignal;
}

const READ_BYTES = 512 * 1024;
/** Blocks are collected to writes of this size. */
const WRITE_BYTES = 256 * 1024;

/** Which packets of one capture are wanted, and what is said of them. */
class Wanted {
  readonly #comments = new Map<number, string[]>();
  readonly #single = new Set<number>();
  readonly #spans = new FlowFinder<Message[]>();
  readonly #flows = new FlowFinder<true>();

  constructor(messages: readonly Message[], flows: boolean) {
    const spans = new Map<string, Message[]>();
    for (const message of messages) {
      this.#comments.set(message.last, [...(this.#comments.get(message.last) ?? []), message.comment]);
      this.#single.add(message.first).add(message.last);
      if (flows) this.#flows.addBoth(message, true);
      else if (message.first !== message.last || message.fragmented) this.#addSpan(spans, message);
    }
  }

  /** One list per direction of a connection, shared by its entry in the finder. */
  #addSpan(spans: Map<string, Message[]>, message: Message): void {
    const key = JSON.stringify([message.src_ip, message.src_port, message.dst_ip, message.dst_port]);
    const known = spans.get(key);
    if (known) known.push(message);
    else {
      const list = [message];
      spans.set(key, list);
      this.#spans.add(message, list);
    }
  }

  /** The comments to add to a packet; null if it is not wanted. */
  commentsOf(packet: PacketInfo): readonly string[] | null {
    const { number, data } = packet;
    if (this.#single.has(number)) return this.#comments.get(number) ?? [];
    if (this.#flows.size > 0) return this.#flows.find(data) ? [] : null;
    if (this.#spans.size === 0) return null;
    const found = this.#spans.find(data);
    const inSpan = found?.value.some(
      (m) => number < m.last && (number > m.first || (m.fragmented && found.fragment)),
    );
    return inSpan ? [] : null;
  }
}

/** Writes packets of several captures into one pcapng file, with the interfaces they came from. */
class SliceWriter {
  packets = 0;
  readonly #output: Output;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #interfaces = 0;

  constructor(output: Output, comment: string) {
    this.#output = output;
    this.#chunks.push(sectionBlock(`tlsfp ${VERSION}`, comment));
  }

  get finished(): boolean {
    return this.#output.finished;
  }

  /** The number of an interface in the file written. */
  addInterface(info: InterfaceInfo): number {
    this.#push(interfaceBlock(info));
    return this.#interfaces++;
  }

  addPacket(interfaceId: number, packet: PacketInfo, comments: readonly string[]): void {
    this.packets++;
    this.#push(packetBlock(interfaceId, packet, [...packet.comments, ...comments]));
  }

  #push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
  }

  async flush(least = 0): Promise<void> {
    if (this.#bytes < least) return;
    await this.#output.write(Buffer.concat(this.#chunks));
    this.#chunks = [];
    this.#bytes = 0;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#output.close();
  }
}

async function copyFrom(
  path: string,
  wanted: Wanted,
  writer: SliceWriter,
  signal?: AbortSignal,
): Promise<void> {
  const interfaces: InterfaceInfo[] = [];
  const ids = new Map<number, number>();
  const parser = new CaptureParser({
    interface: (info) => interfaces.push(info),
    packet: (packet) => {
      const comments = wanted.commentsOf(packet);
      if (comments === null) return;
      let id = ids.get(packet.interface);
      if (id === undefined)
        ids.set(packet.interface, (id = writer.addInterface(interfaces[packet.interface]!)));
      writer.addPacket(id, packet, comments);
    },
  });
  const source = await openSource(path);
  const block = new Uint8Array(READ_BYTES);
  try {
    while (!parser.broken && !writer.finished && !signal?.aborted) {
      const length = await source.read(block);
      if (length === 0) break;
      parser.push(block.subarray(0, length));
      await writer.flush(WRITE_BYTES);
    }
  } finally {
    await source.close();
  }
}

/**
 * Write the packets of the selected handshakes as pcapng, capture after capture, with their times, interfaces and
 * comments, and a comment of our own at each message. Reads the captures a second time.
 *
 * @returns how many packets were written
 * @throws SinkError, InputReadError
 */
export async function extract(
  paths: readonly string[],
  selection: Selection,
  options: ExtractOptions,
): Promise<number> {
  const comment = `${paths.join(', ')}: ${options.flows ? 'connections' : 'handshakes'} where ${options.where}`;
  const writer = new SliceWriter(openOutput(options.out), comment);
  for (const path of paths) {
    const messages = selection.messages.get(path);
    if (messages) await copyFrom(path, new Wanted(messages, options.flows), writer, options.signal);
  }
  await writer.close();
  return writer.packets;
}
