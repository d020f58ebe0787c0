import { concat } from '../forge/bytes.js';
import * as x from '../forge/extensions.js';
import {
  type ClientHelloSpec,
  certificate,
  clientHello,
  serverHello,
  serverHelloDone,
} from '../forge/hello.js';
import { CONTENT, handshakeRecords, tlsRecord } from '../forge/record.js';
import type { Endpoint } from '../forge/tcp.js';
import { CERTIFICATE } from './certificate.js';
import type { Profile } from './profiles.js';
import { SEGMENT, TcpFlow } from './tcp-flow.js';
import { fingerprints } from './truth.js';
import type { Flow, World } from './world.js';

/** In which order the segments of a hello are captured. */
export type Delivery = 'in order' | 'swapped' | 'repeated' | 'overlapping';

/** What happens on one TLS connection. */
export interface TlsPlan {
  profile: Profile;
  resumed: boolean;
  delivery: Delivery;
  /** The hello in records of this many bytes, if it is to be split; 0 = one record. */
  recordSize: number;
  /** Bytes of application data from the server after the handshake, about. */
  dataBytes: number;
  /** Servers of TLS 1.2 send their certificate; false: an abbreviated handshake. */
  fullHandshake: boolean;
  /** The segment size for hellos, smaller behind tunnels. */
  segmentSize: number;
}

/** A TLS connection over TCP, from SYN to FIN; its hello goes to the truth. */
export function* tlsFlow(world: World, plan: TlsPlan): Flow {
  const { client, server } = world.ends(443);
  const tcp = new TcpFlow(world.sink, world.random, client, server, world.gap);
  const spec = plan.profile({ random: world.random, sni: world.name(), resumed: plan.resumed });
  tcp.syn('client');
  yield;
  tcp.syn('server');
  yield;
  tcp.acknowledge('client');
  yield;
  yield* sendHello(world, tcp, spec, plan, client, server);
  tcp.acknowledge('server');
  yield;
  yield* sendBytes(tcp, 'server', serverFlight(world, spec, plan.fullHandshake));
  tcp.push('client', clientFinish(world, spec));
  yield;
  yield* applicationData(world, tcp, plan.dataBytes);
  tcp.finish('client');
  yield;
  tcp.finish('server');
  yield;
  tcp.acknowledge('client');
}

function* sendHello(
  world: World,
  tcp: TcpFlow,
  spec: ClientHelloSpec,
  plan: TlsPlan,
  client: Endpoint,
  server: Endpoint,
): Flow {
  const message = clientHello(spec);
  const bytes = handshakeRecords(message, plan.recordSize || message.length);
  const pieces = arrangePieces(bytes.length, plan.segmentSize, plan.delivery);
  if (pieces.length > 1 && plan.delivery === 'swapped') world.counts.swapped++;
  if (pieces.length > 1 && plan.delivery === 'repeated') world.counts.repeated++;
  if (pieces.length > 1 && plan.delivery === 'overlapping') world.counts.overlapping++;
  const known = new Uint8Array(bytes.length);
  const carriers: number[] = [];
  for (const [begin, end] of pieces) {
    tcp.pushPiece('client', bytes, begin, end);
    if (known.subarray(begin, end).includes(0)) carriers.push(world.sink.packets);
    known.fill(1, begin, end);
    yield;
  }
  tcp.sent('client', bytes.length);
  world.found({
    protocol: 'tls',
    src_ip: client.address,
    src_port: client.port,
    dst_ip: server.address,
    dst_port: server.port,
    ...fingerprints(spec, 't'),
    first_packet: carriers[0]!,
    packet: carriers[carriers.length - 1]!,
    packets: carriers.length,
    attempt: 1,
  });
}

/** Ranges of the segments of `length` bytes, as they will be captured. */
function arrangePieces(length: number, size: number, delivery: Delivery): [number, number][] {
  const pieces: [number, number][] = [];
  for (let at = 0; at < length; at += size) pieces.push([at, Math.min(at + size, length)]);
  const [first, second] = pieces;
  if (!first || !second || delivery === 'in order') return pieces;
  if (delivery === 'swapped') return [second, first, ...pieces.slice(2)];
  if (delivery === 'repeated') return [first, first, second, ...pieces.slice(2)];
  // The second segment is sent again from the middle of the first, as after a lost ACK.
  return [first, [Math.floor(size / 2), second[1]], ...pieces.slice(2)];
}

function* sendBytes(tcp: TcpFlow, from: 'client' | 'server', bytes: Uint8Array): Flow {
  for (let at = 0; at < bytes.length; at += SEGMENT) {
    tcp.push(from, bytes, at, Math.min(at + SEGMENT, bytes.length));
    yield;
  }
}

function serverFlight(world: World, spec: ClientHelloSpec, full: boolean): Uint8Array {
  const offered = spec.extensions ?? [];
  const { random } = world;
  const has = (type: number): boolean => offered.some((one) => one.type === type);
  if (has(43)) {
    const extensions = [x.serverKeyShare(29, random.bytes(32)), x.selectedVersion(0x0304)];
    if (has(41)) extensions.push(x.extension(41, [0, 0]));
    const hello = serverHello({
      random: random.bytes(32),
      sessionId: spec.sessionId ?? new Uint8Array(0),
      cipher: 0x1301,
      extensions,
    });
    const rest = full ? random.between(1800, 3600) : random.between(60, 90);
    return concat(
      handshakeRecords(hello, 16384, 0x0303),
      tlsRecord(CONTENT.changeCipherSpec, new Uint8Array([1]), 0x0303),
      tlsRecord(CONTENT.applicationData, world.noiseOf(rest), 0x0303),
    );
  }
  const version = spec.legacyVersion ?? 0x0303;
  const extensions = [x.renegotiationInfo()];
  if (has(23)) extensions.push(x.extendedMainSecret());
  const sessionId = full ? random.bytes(32) : (spec.sessionId ?? new Uint8Array(0));
  const hello = serverHello({
    legacyVersion: version,
    random: random.bytes(32),
    sessionId,
    cipher: spec.ciphers.find((cipher) => (cipher & 0x0f0f) !== 0x0a0a) ?? 0x002f,
    extensions: spec.extensions === null ? null : extensions,
  });
  const messages = full ? concat(hello, certificate(CERTIFICATE), serverHelloDone()) : hello;
  const end = full ? new Uint8Array(0) : changeAndFinish(world, version);
  return concat(handshakeRecords(messages, 16384, version), end);
}

function clientFinish(world: World, spec: ClientHelloSpec): Uint8Array {
  if (!spec.extensions?.some((one) => one.type === 43))
    return changeAndFinish(world, spec.legacyVersion ?? 0x0303);
  return concat(
    tlsRecord(CONTENT.changeCipherSpec, new Uint8Array([1]), 0x0303),
    tlsRecord(CONTENT.applicationData, world.noiseOf(53), 0x0303),
  );
}

/** ChangeCipherSpec and an encrypted Finished: explicit nonce, 16 bytes, tag. */
function changeAndFinish(world: World, version: number): Uint8Array {
  return concat(
    tlsRecord(CONTENT.changeCipherSpec, new Uint8Array([1]), version),
    tlsRecord(CONTENT.handshake, concat(new Uint8Array(8), world.noiseOf(32)), version),
  );
}

/** Requests of the client and answers in records of whole segments, an ACK for every second one. */
function* applicationData(world: World, tcp: TcpFlow, bytes: number): Flow {
  const { random } = world;
  let left = bytes;
  while (left > 0 && !world.draining) {
    tcp.push('client', tlsRecord(CONTENT.applicationData, world.noiseOf(random.between(60, 500)), 0x0303));
    yield;
    let answer = Math.min(left, random.between(300, 22000));
    left -= answer;
    while (answer > 0 && !world.draining) {
      const length = Math.min(answer, 11 * SEGMENT - 5);
      yield* sendRecord(world, tcp, length);
      answer -= length;
    }
  }
}

/** A record of `length` bytes of noise from the server; its header is written into the noise, to save a copy. */
function* sendRecord(world: World, tcp: TcpFlow, length: number): Flow {
  const data = world.noiseOf(5 + length);
  let segments = 0;
  for (let at = 0; at < data.length; at += SEGMENT) {
    if (at === 0) data.set([CONTENT.applicationData, 3, 3, length >>> 8, length & 0xff]);
    const end = Math.min(at + SEGMENT, data.length);
    tcp.push('server', data, at, end);
    yield;
    if (++segments % 2 === 0 || end === data.length) {
      tcp.acknowledge('client');
      yield;
    }
  }
}
