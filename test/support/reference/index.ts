/**
 * A slow and plain reader of captures, the twin that the WASM core is compared with. It shares no code with the core, nor
 * with the packet builders of src/dev/forge: it is written from the RFCs and the fingerprint specifications alone.
 *
 * Read: pcap, pcapng; the common link types; IPv4 and IPv6 with fragments; TCP, UDP; TLS also after another protocol on the
 * connection; DTLS; QUIC Initials. Not read: tunnels, SSL 2 hellos, hellos of which only a prefix was captured.
 */
import { type CapturedPacket, readCapture } from './capture.js';
import { DtlsReader, looksLikeDtls } from './dtls.js';
import { parseClientHello, parseServerHello } from './hello.js';
import { networkPacket } from './link.js';
import { type Datagram, NetworkReader } from './network.js';
import { looksLikeQuic, QuicReader } from './quic.js';
import {
  clientHelloRow,
  communityId,
  isRetry,
  type ReferenceClientHello,
  type ReferenceServerHello,
  type Sighting,
  serverHelloRow,
} from './rows.js';
import { ByteStream, readSegment } from './tcp.js';
import { type HandshakeMessage, TlsReader } from './tls.js';

export { readCapture } from './capture.js';
export { networkPacket } from './link.js';
export type { ReferenceClientHello, ReferenceServerHello } from './rows.js';

/** The rows of a capture, in the order in which the hellos became complete. */
export interface ReferenceRows {
  clientHellos: ReferenceClientHello[];
  serverHellos: ReferenceServerHello[];
}

/** All hellos of a pcap or pcapng file given as bytes. */
export function referenceRows(capture: Uint8Array): ReferenceRows {
  const reader = new CaptureReader();
  for (const packet of readCapture(capture)) reader.read(packet);
  return reader.rows;
}

/** One direction of a TCP connection. */
interface Direction {
  stream: ByteStream;
  tls: TlsReader;
}

/** What is kept of two ends that talk to each other. */
interface Conversation {
  /** By sender. */
  tcp: Map<string, Direction>;
  dtls: Map<string, DtlsReader>;
  quic: QuicReader;
  retried: boolean;
}

/** Ports, and where the packet stands: what a row needs beside the message. */
interface Context {
  packet: CapturedPacket;
  tunnel: string | null;
  datagram: Datagram;
  sourcePort: number;
  destinationPort: number;
  conversation: Conversation;
}

class CaptureReader {
  readonly rows: ReferenceRows = { clientHellos: [], serverHellos: [] };
  readonly #network = new NetworkReader();
  readonly #conversations = new Map<string, Conversation>();

  read(packet: CapturedPacket): void {
    const ip = networkPacket(packet.linkType, packet.data);
    const datagram = ip && this.#network.read(ip.data);
    if (!datagram) return;
    if (datagram.protocol === 6) this.#readTcp(packet, ip.tunnel, datagram);
    if (datagram.protocol === 17 && datagram.payload.length >= 8) this.#readUdp(packet, ip.tunnel, datagram);
  }

  #readTcp(packet: CapturedPacket, tunnel: string | null, datagram: Datagram): void {
    const segment = readSegment(datagram.payload);
    if (!segment || (!segment.syn && segment.data.length === 0)) return;
    const context = this.#context(packet, tunnel, datagram, segment.sourcePort, segment.destinationPort);
    const { tcp } = context.conversation;
    const sender = `${datagram.source} ${segment.sourcePort}`;
    const known = tcp.get(sender)?.stream;
    if (segment.syn && known && known.isn !== segment.sequence) {
      // The ports are used again for another connection.
      tcp.clear();
      context.conversation.retried = false;
    }
    let direction = tcp.get(sender);
    if (!direction) {
      const stream = new ByteStream(segment);
      direction = { stream, tls: new TlsReader(stream) };
      tcp.set(sender, direction);
    }
    direction.stream.add(segment, packet.number);
    for (const message of direction.tls.read()) this.#take(message, 'tls', null, context);
  }

  #readUdp(packet: CapturedPacket, tunnel: string | null, datagram: Datagram): void {
    const bytes = datagram.payload;
    const sourcePort = bytes[0]! * 256 + bytes[1]!;
    const destinationPort = bytes[2]! * 256 + bytes[3]!;
    const payload = bytes.subarray(8);
    const context = this.#context(packet, tunnel, datagram, sourcePort, destinationPort);
    if (looksLikeDtls(payload)) {
      const { dtls } = context.conversation;
      const sender = `${datagram.source} ${sourcePort}`;
      const reader = dtls.get(sender) ?? new DtlsReader();
      dtls.set(sender, reader);
      for (const message of reader.read(payload, packet.number)) this.#take(message, 'dtls', null, context);
    } else if (looksLikeQuic(payload)) {
      for (const message of context.conversation.quic.read(payload, packet.number)) {
        this.#take(message, 'quic', message.quicVersion, context);
      }
    }
  }

  #context(
    packet: CapturedPacket,
    tunnel: string | null,
    datagram: Datagram,
    sourcePort: number,
    destinationPort: number,
  ): Context {
    const ends = [`${datagram.source} ${sourcePort}`, `${datagram.destination} ${destinationPort}`];
    const key = `${datagram.protocol} ${ends.sort().join(' ')}`;
    let conversation = this.#conversations.get(key);
    if (!conversation) {
      conversation = { tcp: new Map(), dtls: new Map(), quic: new QuicReader(), retried: false };
      this.#conversations.set(key, conversation);
    }
    return { packet, tunnel, datagram, sourcePort, destinationPort, conversation };
  }

  #take(
    message: HandshakeMessage,
    protocol: Sighting['protocol'],
    quicVersion: number | null,
    context: Context,
  ): void {
    const { conversation } = context;
    const sighting = sightingOf(message, protocol, quicVersion, context);
    if (message.type === 1) {
      const hello = parseClientHello(message.body, protocol === 'dtls');
      if (!hello) return;
      this.rows.clientHellos.push(clientHelloRow(hello, sighting, conversation.retried ? 2 : 1));
      conversation.retried = false;
    } else if (message.type === 2) {
      const hello = parseServerHello(message.body);
      if (!hello) return;
      this.rows.serverHellos.push(serverHelloRow(hello, sighting));
      if (isRetry(hello)) conversation.retried = true;
    } else if (message.type === 3 && protocol === 'dtls') {
      conversation.retried = true;
    }
  }
}

function sightingOf(
  message: HandshakeMessage,
  protocol: Sighting['protocol'],
  quicVersion: number | null,
  { packet, tunnel, datagram, sourcePort, destinationPort }: Context,
): Sighting {
  return {
    packet: packet.number,
    first_packet: message.packets[0]!,
    packets: message.packets.length,
    ts: packet.time,
    protocol,
    src_ip: datagram.source,
    dst_ip: datagram.destination,
    src_port: sourcePort,
    dst_port: destinationPort,
    community_id: communityId(
      datagram.protocol,
      { address: datagram.sourceBytes, port: sourcePort },
      { address: datagram.destinationBytes, port: destinationPort },
    ),
    tunnel,
    record_version: message.recordVersion,
    quic_version: quicVersion,
    hello_bytes: message.body.length + 4,
  };
}
