import { spawnSync } from 'node:child_process';
import { LiveError, UsageError } from '../errors.js';

/** An instruction of the classic BPF machine: code, jump if true, jump if false, constant. */
export type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const RET = 0x06;
const JA = 0x05;
/** Bytes of a packet that are kept: all. */
const WHOLE = 0x40000;
const ACCEPT: Instruction = [RET, 0, 0, WHOLE];
const DROP: Instruction = [RET, 0, 0, 0];

/** Instructions by what they do; `jump` targets are labels. */
type Line = {
  readonly label?: string;
  readonly code: number;
  readonly k: number;
  readonly t?: string;
  readonly f?: string;
};

const ld16 = (k: number): Line => ({ code: 0x28, k });
const ld8 = (k: number): Line => ({ code: 0x30, k });
const jeq = (k: number, t: string, f?: string): Line => ({ code: 0x15, k, t, ...(f ? { f } : {}) });
const jset = (k: number, t: string): Line => ({ code: 0x45, k, t });
const at = (label: string, line: Line): Line => ({ ...line, label });

/**
 * Leaves out what is a large part of the packets and carries no handshake: ARP, LLDP, ICMP, and TCP segments without
 * payload that neither open nor end a connection. Everything else passes, tunnels included.
 */
const PREFILTER: readonly Line[] = [
  ld16(12),
  jeq(0x0806, 'drop'),
  jeq(0x88cc, 'drop'),
  jeq(0x0800, 'ipv4'),
  jeq(0x86dd, 'ipv6', 'accept'),
  at('ipv4', ld8(23)),
  jeq(1, 'drop'),
  jeq(6, 'tcp4', 'accept'),
  at('tcp4', ld16(20)),
  jset(0x3fff, 'accept'),
  // X = bytes of the IP header.
  { code: 0xb1, k: 14 },
  { code: 0x50, k: 14 + 13 },
  jset(0x07, 'accept'),
  // X += bytes of the TCP header: (byte 12 & 0xf0) >> 2.
  { code: 0x50, k: 14 + 12 },
  { code: 0x54, k: 0xf0 },
  { code: 0x74, k: 2 },
  { code: 0x0c, k: 0 },
  { code: 0x07, k: 0 },
  // Total length - headers.
  ld16(16),
  { code: 0x1c, k: 0 },
  jeq(0, 'drop', 'accept'),
  at('ipv6', ld8(20)),
  jeq(58, 'drop'),
  jeq(6, 'tcp6', 'accept'),
  at('tcp6', ld8(54 + 13)),
  jset(0x07, 'accept'),
  ld8(54 + 12),
  { code: 0x54, k: 0xf0 },
  { code: 0x74, k: 2 },
  { code: 0x07, k: 0 },
  ld16(18),
  { code: 0x1c, k: 0 },
  jeq(0, 'drop', 'accept'),
];

function assemble(lines: readonly Line[]): Instruction[] {
  const places = new Map<string, number>([
    ['accept', lines.length],
    ['drop', lines.length + 1],
  ]);
  for (const [i, line] of lines.entries()) if (line.label) places.set(line.label, i);
  const jump = (from: number, to: string | undefined) => (to === undefined ? 0 : places.get(to)! - from - 1);
  const program = lines.map((l, i): Instruction => [l.code, jump(i, l.t), jump(i, l.f), l.k]);
  return [...program, ACCEPT, DROP];
}

/** The program that leaves out what cannot carry a handshake; for frames of Ethernet. */
export function prefilter(): Instruction[] {
  return assemble(PREFILTER);
}

/** Both programs must accept: where the first would, the second goes on. */
export function bothFilters(first: readonly Instruction[], second: readonly Instruction[]): Instruction[] {
  const joined = first.map((instruction, i): Instruction => {
    const accepts = instruction[0] === RET && instruction[3] !== 0;
    return accepts ? [JA, 0, 0, first.length - i - 1] : instruction;
  });
  return [...joined, ...second];
}

/** Accepts nothing: a socket has it until its ring is set up. */
export const NOTHING: readonly Instruction[] = [DROP];

/** `struct sock_filter[]`. */
export function filterBytes(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(8 * program.length);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, jt, jf, k]] of program.entries()) {
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, jt);
    view.setUint8(8 * i + 3, jf);
    view.setUint32(8 * i + 4, k >>> 0, true);
  }
  return bytes;
}

/** Read the output of `tcpdump -ddd`: the number of instructions, then one per line in decimal. */
export function parseProgram(text: string): Instruction[] {
  const [count, ...lines] = text.trim().split('\n');
  const program = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const sound = program.every((i) => i.length === 4 && i.every((n) => Number.isInteger(n) && n >= 0));
  if (!sound || program.length === 0 || program.length !== Number(count)) {
    throw new LiveError('tcpdump answered what is no filter program');
  }
  return program as unknown as Instruction[];
}

/**
 * Compile a filter expression (pcap-filter(7)) with tcpdump, for the interface if it may be opened: then tags that the
 * system keeps apart from the packet can be asked for, too.
 *
 * @throws UsageError the expression is wrong; LiveError tcpdump is missing
 */
export function compileFilter(expression: string, device: string): Instruction[] {
  const run = (...options: string[]) =>
    spawnSync('tcpdump', [...options, '-ddd', expression], { encoding: 'utf8', timeout: 10_000 });
  let result = run('-i', device);
  if (result.error === undefined && result.status !== 0) result = run('-y', 'EN10MB');
  if (result.error) {
    throw new LiveError('--filter needs tcpdump, which was not found', {
      hint: 'install it (apt install tcpdump), or leave --filter out',
      cause: result.error,
    });
  }
  if (result.status !== 0) {
    const words =
      result.stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^tcpdump: /, '') ?? '';
    throw new UsageError(`--filter: ${words || 'tcpdump cannot compile it'}`, {
      hint: 'see man pcap-filter',
    });
  }
  return parseProgram(result.stdout);
}
