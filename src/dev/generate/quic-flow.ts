import { concat } from '../forge/bytes.js';
import { ethernet } from '../forge/ethernet.js';
import * as x from '../forge/extensions.js';
import { clientHello, serverHello } from '../forge/hello.js';
import {
  cryptoFrames,
  QUIC_VERSION,
  type QuicKeys,
  quicFrame,
  quicInitial,
  quicInitialKeys,
  quicOpaqueLong,
  quicShort,
} from '../forge/quic.js';
import { udpPacket } from '../forge/udp.js';
import type { Profile } from './profiles.js';
import { fingerprints } from './truth.js';
import type { Flow, World } from './world.js';

/** What happens on one QUIC connection. */
export interface QuicPlan {
  profile: Profile;
  resumed: boolean;
  version: number;
  /** CRYPTO frames are shuffled and PING and PADDING put between them, as Chrome does. */
  chaos: boolean;
  /** The two Initials of a long hello are captured in the wrong order. */
  swapped: boolean;
  /** 1-RTT packets after the handshake. */
  dataPackets: number;
}

/** Bytes of CRYPTO data that fit the Initial of a datagram of 1250 bytes beside headers and other frames. */
const CRYPTO_ROOM = 1140;
const DATAGRAM = 1250;

/** A QUIC connection from the client's first Initial to some 1-RTT packets; its hello goes to the truth. */
export function* quicFlow(world: World, plan: QuicPlan): Flow {
  const { random } = world;
  const { client, server } = world.ends(443);
  const send = (fromClient: boolean, payload: Uint8Array): void => {
    const packet = fromClient ? udpPacket(client, server, payload) : udpPacket(server, client, payload);
    world.sink.packet(ethernet(packet), 1 + random.below(2 * world.gap));
  };
  const spec = plan.profile({ random, sni: world.name(), resumed: plan.resumed });
  const message = clientHello(spec);
  const ids = { first: random.bytes(8), client: random.bytes(plan.chaos ? 0 : 8), server: random.bytes(8) };
  const keys = quicInitialKeys(plan.version, ids.first, 'client');

  const datagrams = clientInitials(world, plan, message, keys, ids);
  const packets: number[] = [];
  for (const datagram of datagrams) {
    send(true, datagram);
    packets.push(world.sink.packets);
    yield;
  }
  world.found({
    protocol: 'quic',
    src_ip: client.address,
    src_port: client.port,
    dst_ip: server.address,
    dst_port: server.port,
    ...fingerprints(spec, 'q'),
    first_packet: packets[0]!,
    packet: packets[packets.length - 1]!,
    packets: packets.length,
    attempt: 1,
  });

  send(false, serverInitial(world, plan, ids));
  yield;
  const toClient = { destinationId: ids.client, sourceId: ids.server };
  send(false, quicOpaqueLong(plan.version, 2, toClient, world.noiseOf(random.between(800, 1180))));
  yield;
  const acknowledgement = quicInitial({
    version: plan.version,
    keys,
    destinationId: ids.server,
    sourceId: ids.client,
    packetNumber: datagrams.length,
    packetNumberLength: 1,
    frames: [quicFrame.ack(0)],
  });
  const toServer = { destinationId: ids.server, sourceId: ids.client };
  const room = DATAGRAM - acknowledgement.length - 40;
  send(true, concat(acknowledgement, quicOpaqueLong(plan.version, 2, toServer, world.noiseOf(room))));
  yield;
  for (let i = 0; i < plan.dataPackets && !world.draining; i++) {
    const fromClient = random.chance(0.25);
    const length = fromClient ? random.between(30, 300) : random.between(900, 1220);
    send(fromClient, quicShort(fromClient ? ids.server : ids.client, world.noiseOf(length)));
    yield;
  }
}

function clientInitials(
  world: World,
  plan: QuicPlan,
  message: Uint8Array,
  keys: QuicKeys,
  ids: { first: Uint8Array; client: Uint8Array },
): Uint8Array[] {
  const { random } = world;
  const groups: Uint8Array[][] = [];
  if (message.length <= CRYPTO_ROOM) {
    groups.push(plan.chaos ? scattered(world, message, 0, message.length) : cryptoFrames(message));
  } else {
    // Chrome cuts the hello in the middle of nowhere; the head may come second.
    const cut = random.between(message.length - CRYPTO_ROOM, CRYPTO_ROOM);
    groups.push(part(world, plan, message, 0, cut), part(world, plan, message, cut, message.length));
    if (plan.chaos && random.chance(0.5)) groups.reverse();
  }
  const datagrams = groups.map((frames, packetNumber) =>
    quicInitial({
      version: plan.version,
      keys,
      destinationId: ids.first,
      sourceId: ids.client,
      packetNumber,
      packetNumberLength: plan.chaos ? 1 : 4,
      frames,
      size: DATAGRAM,
    }),
  );
  return plan.swapped ? datagrams.reverse() : datagrams;
}

function part(world: World, plan: QuicPlan, message: Uint8Array, begin: number, end: number): Uint8Array[] {
  return plan.chaos
    ? scattered(world, message, begin, end)
    : [quicFrame.crypto(begin, message.subarray(begin, end))];
}

/** A range of the hello in a few CRYPTO frames in random order, with PING and PADDING between. */
function scattered(world: World, message: Uint8Array, begin: number, end: number): Uint8Array[] {
  const { random } = world;
  const cuts = Array.from({ length: random.between(1, 4) }, () => random.between(begin + 1, end - 1));
  const ends = [...new Set([...cuts, end])].sort((a, b) => a - b);
  let at = begin;
  const frames = ends.map((next) => {
    const frame = quicFrame.crypto(at, message.subarray(at, next));
    at = next;
    return frame;
  });
  frames.push(quicFrame.ping(), quicFrame.padding(random.between(1, 10)));
  return random.shuffled(frames);
}

function serverInitial(
  world: World,
  plan: QuicPlan,
  ids: { first: Uint8Array; client: Uint8Array; server: Uint8Array },
): Uint8Array {
  const { random } = world;
  const hello = serverHello({
    random: random.bytes(32),
    cipher: 0x1301,
    extensions: [x.serverKeyShare(29, random.bytes(32)), x.selectedVersion(0x0304)],
  });
  const initial = quicInitial({
    version: plan.version,
    keys: quicInitialKeys(plan.version, ids.first, 'server'),
    destinationId: ids.client,
    sourceId: ids.server,
    packetNumber: 0,
    packetNumberLength: 2,
    frames: [quicFrame.ack(0), quicFrame.crypto(0, hello)],
  });
  const toClient = { destinationId: ids.client, sourceId: ids.server };
  const rest = DATAGRAM - initial.length - 40;
  return concat(initial, quicOpaqueLong(plan.version, 2, toClient, world.noiseOf(rest)));
}

/** A version out of what is met: nearly all version 1. */
export function pickVersion(world: World): number {
  const draw = world.random.unit();
  if (draw < 0.93) return QUIC_VERSION.v1;
  return draw < 0.97 ? QUIC_VERSION.v2 : QUIC_VERSION.draft29;
}
