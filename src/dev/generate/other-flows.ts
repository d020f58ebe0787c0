import { ByteWriter, concat, fromText } from '../forge/bytes.js';
import { ethernet } from '../forge/ethernet.js';
import { udpPacket } from '../forge/udp.js';
import { SEGMENT, TcpFlow } from './tcp-flow.js';
import type { Flow, World } from './world.js';

/** One DNS question and its answer. */
export function* dnsFlow(world: World): Flow {
  const { random } = world;
  const { client } = world.ends(53);
  const resolver = client.address.includes(':')
    ? { address: '2001:db8:ffff::53', port: 53 }
    : { address: '198.18.0.53', port: 53 };
  const id = random.below(65536);
  const labels = world.name().split('.');
  const question = concat(
    ...labels.map((label) => concat([label.length], fromText(label))),
    new ByteWriter().u8(0).u16(1).u16(1).done(),
  );
  const header = (flags: number, answers: number): Uint8Array =>
    new ByteWriter().u16(id).u16(flags).u16(1).u16(answers).u16(0).u16(0).done();
  const answer = new ByteWriter().u16(0xc00c).u16(1).u16(1).u32(300).u16(4).bytes(random.bytes(4)).done();
  const wait = (): number => 1 + random.below(2 * world.gap);
  world.sink.packet(ethernet(udpPacket(client, resolver, concat(header(0x0100, 0), question))), wait());
  yield;
  world.sink.packet(
    ethernet(udpPacket(resolver, client, concat(header(0x8180, 1), question, answer))),
    wait(),
  );
}

/** HTTP in the clear: requests and answers of about `bytes` in all. */
export function* httpFlow(world: World, bytes: number): Flow {
  const { random } = world;
  const { client, server } = world.ends(80);
  const tcp = new TcpFlow(world.sink, random, client, server, world.gap);
  tcp.syn('client');
  yield;
  tcp.syn('server');
  yield;
  tcp.acknowledge('client');
  yield;
  for (let left = bytes; left > 0 && !world.draining; ) {
    const length = Math.min(left, random.between(300, 60000));
    left -= length;
    const path = `/${random.below(10000)}/index.html`;
    tcp.push(
      'client',
      fromText(`GET ${path} HTTP/1.1\r\nHost: ${world.name()}\r\nUser-Agent: bench\r\n\r\n`),
    );
    yield;
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`;
    const answer = concat(fromText(head), world.noiseOf(length));
    for (let at = 0; at < answer.length; at += SEGMENT) {
      tcp.push('server', answer, at, Math.min(at + SEGMENT, answer.length));
      yield;
      tcp.acknowledge('client');
      yield;
    }
  }
  tcp.finish('client');
  yield;
  tcp.finish('server');
  yield;
  tcp.acknowledge('client');
}

/** A stream of RTP-like datagrams one way (RFC 3550 header, payload without meaning). */
export function* mediaFlow(world: World, datagrams: number): Flow {
  const { random } = world;
  const { client, server } = world.ends(40000 + 2 * random.below(10000));
  const size = random.pick([172, 640, 1100, 1180]);
  const source = random.u32();
  for (let i = 0; i < datagrams && !world.draining; i++) {
    const header = new ByteWriter()
      .u8(0x80)
      .u8(96)
      .u16(i & 0xffff)
      .u32(i * 160)
      .u32(source)
      .done();
    const payload = concat(header, world.noiseOf(size - random.below(100)));
    world.sink.packet(ethernet(udpPacket(server, client, payload)), 1 + random.below(2 * world.gap));
    yield;
  }
}
