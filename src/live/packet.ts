import { existsSync, readFileSync } from 'node:fs';
import type { Core } from '../core/core.js';
import { LiveError } from '../errors.js';
import { type Libc, PollSet, SystemError } from './libc.js';
import { filterBytes, type Instruction, NOTHING } from './packet-filter.js';
import { mapRegion, type Region } from './region.js';
import { type LiveRing, POLL_BUDGET, type RingEvent, sleep } from './ring.js';
import type { PacketSpec } from './spec.js';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_FANOUT = 18;
const PACKET_IGNORE_OUTGOING = 23;
const TPACKET_V3 = 2;
/** By the hash of the connection, the same for both directions; fragments are put together before. */
const FANOUT_HASH_DEFRAG = 0x8000;
const ETH_P_ALL = 0x0003;
const FRAME_BYTES = 2048;
/** Of a block (struct tpacket_block_desc), in units of u32. */
const BLOCK_STATUS = 2;
const BLOCK_LENGTH = 5;
/** Time between two attempts at an interface that is gone. */
const RETRY_MS = 500;
const LOOPBACK = 772;

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_RAW = 101;
const LINKTYPE_RADIOTAP = 127;
/** LINKTYPE by ARPHRD_ number (Linux, if_arp.h), as frames of a raw socket have it. */
const LINK_TYPES = new Map([
  [1, LINKTYPE_ETHERNET],
  [LOOPBACK, LINKTYPE_ETHERNET],
  [512, LINKTYPE_RAW],
  [519, LINKTYPE_RAW],
  [768, LINKTYPE_RAW],
  [769, LINKTYPE_RAW],
  [776, LINKTYPE_RAW],
  [778, LINKTYPE_RAW],
  [803, LINKTYPE_RADIOTAP],
  [0xfffe, LINKTYPE_RAW],
]);

/** How a packet ring is opened. */
export interface PacketOptions {
  /** Program that packets must pass; for what is not Ethernet, everything passes. */
  readonly filter: readonly Instruction[] | null;
  /** Share the packets with others of this number (16 bits); null: take all. */
  readonly fanout: number | null;
}

/** Kind of the interface, ARPHRD_. */
function deviceType(device: string): number {
  return Number(readFileSync(`/sys/class/net/${device}/type`, 'utf8'));
}

/**
 * LINKTYPE of an interface.
 * @throws LiveError there is no such interface, or its frames are of a kind that is not decoded
 */
export function linkTypeOf(spec: PacketSpec): number {
  if (!/^[^/]+$/.test(spec.device) || !existsSync(`/sys/class/net/${spec.device}/type`)) {
    throw new LiveError('there is no such interface', { path: spec.name, hint: 'see `ip link`' });
  }
  const type = deviceType(spec.device);
  const linkType = LINK_TYPES.get(type);
  if (linkType !== undefined) return linkType;
  throw new LiveError(`frames of this kind of interface (ARPHRD ${type}) are not decoded`, {
    path: spec.name,
  });
}

/** Packets of a network interface through a TPACKET_V3 ring. Waits for an interface that goes down or away. */
export class PacketRing implements LiveRing {
  readonly format = 'packet';
  readonly linkType: number;
  /** The kernel hands over whole blocks and wakes us for each. */
  readonly spinMs = 0;
  readonly #core: Core;
  readonly #libc: Libc;
  readonly #spec: PacketSpec;
  readonly #options: PacketOptions;
  readonly #onEvent: RingEvent;
  #open: OpenRing | null = null;
  #down = false;
  #nextTry = 0;
  #drops = 0;

  /** @throws LiveError */
  constructor(core: Core, libc: Libc, spec: PacketSpec, options: PacketOptions, onEvent: RingEvent) {
    this.#core = core;
    this.#libc = libc;
    this.#spec = spec;
    this.#options = options;
    this.#onEvent = onEvent;
    this.linkType = linkTypeOf(spec);
    this.#attach();
  }

  takeDrops(): number {
    const drops = this.#drops + (this.#open?.takeDrops() ?? 0);
    this.#drops = 0;
    return drops;
  }

  poll(): number {
    return this.#open?.poll() ?? 0;
  }

  service(): void {
    const now = performance.now();
    if (now < this.#nextTry) return;
    this.#nextTry = now + RETRY_MS;
    if (!this.#open) this.#reattach();
    else if (this.#open.isGone(this.#spec.device)) {
      this.#drops += this.#open.takeDrops();
      this.#open.close();
      this.#open = null;
      this.#onEvent('the interface is gone; waiting for it to come back');
    } else {
      const error = this.#open.takeError();
      if (error !== 0) this.#goesDown(new SystemError('recv', error));
      else if (this.#down && isUp(this.#spec.device)) {
        this.#down = false;
        this.#onEvent('the interface is up again');
      }
    }
  }

  wait(ms: number): void {
    if (this.#open && !this.#down) this.#open.wait(ms);
    else sleep(Math.min(ms, RETRY_MS));
  }

  quiesce(): void {
    this.#open?.stop();
  }

  close(): void {
    this.#open?.close();
    this.#open = null;
  }

  #goesDown(error: SystemError): void {
    if (this.#down) return;
    this.#down = true;
    this.#onEvent(
      error.code === 'ENETDOWN' ? 'the interface is down; waiting for it' : `${error.words}; waiting for it`,
    );
  }

  #attach(): void {
    this.#open = openRing(this.#core, this.#libc, this.#spec, this.#options, this.linkType);
    const how = this.#open.copied ? 'packets are copied' : 'packets are read in place';
    const size = `${this.#spec.blocks} blocks of ${this.#spec.blockSize >> 10} KiB`;
    this.#onEvent(`listening, ${size}; ${how}`);
    if (isUp(this.#spec.device)) return;
    this.#down = true;
    this.#onEvent('the interface is down; waiting for it');
  }

  #reattach(): void {
    if (!existsSync(`/sys/class/net/${this.#spec.device}`)) return;
    try {
      this.#down = false;
      this.#attach();
    } catch (error) {
      // It may be gone again, or not be ready yet.
      if (!(error instanceof LiveError)) throw error;
    }
  }
}

function isUp(device: string): boolean {
  const IFF_UP = 1;
  try {
    return (Number(readFileSync(`/sys/class/net/${device}/flags`, 'utf8')) & IFF_UP) !== 0;
  } catch {
    return false;
  }
}

/** An open socket with its ring. */
class OpenRing {
  readonly #core: Core;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #index: number;
  readonly #region: Region;
  readonly #spec: PacketSpec;
  readonly #readable: PollSet;
  readonly #statistics = new Uint32Array(3);
  readonly #outside: Uint32Array<ArrayBuffer> | null;
  readonly #twin: Uint32Array<ArrayBuffer>;
  /** Copied rings: blocks before it were given back, those before the second are in the twin. */
  #returned = 0;
  #copied = 0;

  constructor(core: Core, libc: Libc, fd: number, index: number, region: Region, spec: PacketSpec) {
    this.#core = core;
    this.#libc = libc;
    this.#fd = fd;
    this.#index = index;
    this.#region = region;
    this.#spec = spec;
    this.#readable = new PollSet(libc, [fd]);
    this.#outside = region.outside ? new Uint32Array(region.outside.buffer) : null;
    this.#twin = new Uint32Array(core.memory.buffer, region.at, region.length / 4);
  }

  get copied(): boolean {
    return this.#outside !== null;
  }

  poll(): number {
    if (this.#outside) this.#copyIn(this.#outside);
    const packets = this.#core.pollRing(0, POLL_BUDGET, 0);
    if (this.#outside) this.#giveBack(this.#outside);
    return packets;
  }

  wait(ms: number): void {
    this.#readable.wait(ms);
  }

  takeDrops(): number {
    const length = new Uint32Array([12]);
    const bytes = new Uint8Array(this.#statistics.buffer);
    const answer = this.#libc.call.getsockopt(
      this.#fd,
      SOL_PACKET,
      PACKET_STATISTICS,
      bytes,
      new Uint8Array(length.buffer),
    );
    return answer === 0 ? this.#statistics[1]! : 0;
  }

  takeError(): number {
    const value = new Int32Array(1);
    const length = new Uint32Array([4]);
    const bytes = new Uint8Array(value.buffer);
    this.#libc.call.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, bytes, new Uint8Array(length.buffer));
    return value[0]!;
  }

  /** Whether the interface went away, or another took its name. */
  isGone(device: string): boolean {
    return this.#libc.call.if_nametoindex(device) !== this.#index;
  }

  /** Let nothing more in. */
  stop(): void {
    attachFilter(this.#libc, this.#fd, NOTHING);
  }

  close(): void {
    this.#libc.call.close(this.#fd);
    this.#region.release();
  }

  #word(block: number, field: number): number {
    return (block * this.#spec.blockSize) / 4 + field;
  }

  #copyIn(outside: Uint32Array<ArrayBuffer>): void {
    const { blocks } = this.#spec;
    const status = this.#word(this.#copied, BLOCK_STATUS);
    const ahead = (this.#copied - this.#returned + blocks) % blocks;
    if (ahead !== 0 || (Atomics.load(outside, status) & 1) === 0) return;
    const start = this.#word(this.#copied, 0);
    const length = outside[this.#word(this.#copied, BLOCK_LENGTH)]!;
    this.#twin.set(outside.subarray(start, start + Math.ceil(length / 4)), start);
    this.#copied = (this.#copied + 1) % blocks;
  }

  #giveBack(outside: Uint32Array<ArrayBuffer>): void {
    const status = this.#word(this.#returned, BLOCK_STATUS);
    if (this.#returned === this.#copied || this.#twin[status] !== 0) return;
    Atomics.store(outside, status, 0);
    this.#returned = (this.#returned + 1) % this.#spec.blocks;
  }
}

function openRing(
  core: Core,
  libc: Libc,
  spec: PacketSpec,
  options: PacketOptions,
  linkType: number,
): OpenRing {
  try {
    // Protocol 0: nothing comes in before the socket is bound.
    const type = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const fd = libc.check('socket', libc.call.socket(AF_PACKET, type, 0));
    try {
      return setUp(core, libc, spec, options, linkType, fd);
    } catch (error) {
      libc.call.close(fd);
      throw error;
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const refused = error.code === 'EPERM' || error.code === 'EACCES';
    throw new LiveError(refused ? 'not permitted to capture' : `cannot capture: ${error.message}`, {
      path: spec.name,
      hint: refused
        ? 'run as root, or give node the right: setcap cap_net_raw+ep "$(readlink -f "$(which node)")"'
        : error.code === 'ENOMEM'
          ? 'take a smaller ring: ?blocks=N&block-size=BYTES'
          : undefined,
      cause: error,
    });
  }
}

function attachFilter(libc: Libc, fd: number, program: readonly Instruction[]): void {
  const instructions = filterBytes(program);
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint16(0, program.length, true);
  view.setBigUint64(8, libc.address(instructions), true);
  libc.check('setsockopt', libc.call.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, head, head.length));
  // The program is read during the call: only now may it be collected.
  instructions.fill(0);
}

function setUp(
  core: Core,
  libc: Libc,
  spec: PacketSpec,
  options: PacketOptions,
  linkType: number,
  fd: number,
): OpenRing {
  libc.setOption(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3);
  // On the loopback each packet is seen going out and coming in.
  if (deviceType(spec.device) === LOOPBACK) libc.setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
  if (options.filter && linkType === LINKTYPE_ETHERNET) attachFilter(libc, fd, options.filter);
  const frames = (spec.blockSize / FRAME_BYTES) * spec.blocks;
  const ring = new Uint32Array([spec.blockSize, spec.blocks, FRAME_BYTES, frames, spec.timeout, 0, 0]);
  const bytes = new Uint8Array(ring.buffer);
  libc.check('setsockopt', libc.call.setsockopt(fd, SOL_PACKET, PACKET_RX_RING, bytes, bytes.length));
  const length = spec.blockSize * spec.blocks;
  const region = mapRegion(libc, core.memory, fd, length, spec.copy);
  try {
    const index = libc.call.if_nametoindex(spec.device);
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL, false);
    view.setInt32(4, index, true);
    libc.check('bind', libc.call.bind(fd, address, address.length));
    if (options.fanout !== null) {
      libc.setOption(fd, SOL_PACKET, PACKET_FANOUT, options.fanout | (FANOUT_HASH_DEFRAG << 16));
    }
    core.attachRing(0, {
      kind: 'packet',
      at: region.at,
      slots: spec.blocks,
      bytes: spec.blockSize,
      linkType,
    });
    return new OpenRing(core, libc, fd, index, region, spec);
  } catch (error) {
    region.release();
    throw error;
  }
}
