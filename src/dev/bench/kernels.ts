import { readFileSync } from 'node:fs';
import { type Kernels, type Timings, timeCrypto, timeNode } from './crypto.js';
import { countKernels } from './kernel-counts.js';
import { grouped, type Measure, nsPerCall, table } from './spread.js';

/** Code points in an order without pattern, a GREASE value at the front: what a shuffling client sends. */
function list(length: number): number[] {
  return Array.from({ length }, (_, i) => (i === 0 ? 0x0a0a : ((i + 1) * 40_503) & 0xffff));
}

/** Times that a kernel does its work in one call, so that the call from JavaScript does not count. */
const TIMES = 100;

/** The kernels of parsing and formatting. */
function timeLists(kernels: Kernels, buffer: ArrayBuffer, base: number, measure: Measure): Timings {
  kernels.t_textInit!();
  const words = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  const [from, to] = [base, base + 4096];
  const repeated = (name: string, ...args: number[]) => measure(() => kernels[name]!(...args, TIMES)) / TIMES;
  const timings: Timings = new Map();
  for (const n of [16, 40]) {
    for (const [i, value] of list(n).entries()) words.setUint16(from + 2 * i, value, false);
    timings.set(`byte order and GREASE, ${n} values`, repeated('t_normalise16', from, n, to));
    for (const [i, value] of list(n).entries()) words.setUint16(from + 2 * i, value, true);
    timings.set(`leave GREASE out, ${n} values`, repeated('t_withoutGrease', from, n, to));
    timings.set(`sort, ${n} values`, repeated('t_sort16', from, n, to));
    timings.set(`decimal text, ${n} values`, repeated('t_writeDecimals', from, n, to));
    timings.set(`hex text, ${n} values`, repeated('t_writeHex', from, n, to));
  }
  const text = Buffer.from('www.a-rather-usual-name.example');
  bytes.set(text, from);
  bytes.set(text, to);
  timings.set('is a name plain ASCII, 31 bytes', repeated('t_isPlain', from, text.length));
  timings.set('copy 31 bytes', repeated('t_copyShort', to, from, text.length));
  timings.set('compare 300 bytes', repeated('t_sameBytes', from, from, 300));
  timings.set('hash 300 bytes', repeated('t_hashBytes', from, 300));
  return timings;
}

/** Builds that are compared. */
export type KernelBuild = 'simd' | 'scalar';

/** The module with the kernels of a build. */
export function kernelBytes(build: KernelBuild): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../wasm/testing.${build}.wasm`, import.meta.url)));
}

/** What each kernel of a module takes. */
export function measureKernels(bytes: Uint8Array<ArrayBuffer>, measure: Measure): Timings {
  const { memory, ...exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const kernels = exports as Kernels;
  const buffer = (memory as WebAssembly.Memory).buffer as ArrayBuffer;
  const base = kernels.t_scratch!();
  return new Map([
    ...timeLists(kernels, buffer, base, measure),
    ...timeCrypto(kernels, buffer, base, measure),
  ]);
}

/** Every kernel in both builds, and by node:crypto where that has it. */
export function benchKernels(): string {
  const [simd, scalar] = (['simd', 'scalar'] as const).map((build) =>
    measureKernels(kernelBytes(build), nsPerCall),
  );
  const [simdCounts, scalarCounts] = (['simd', 'scalar'] as const).map(countKernels);
  const node = timeNode();
  const rows = [...simd!].map(([name, ns]) => {
    const other = scalar!.get(name)!;
    const [few, many] = [simdCounts?.get(name), scalarCounts?.get(name)];
    const counted = few && many ? [grouped(few), grouped(many), (many / few).toFixed(2)] : ['-', '-', '-'];
    const nodeNs = node.get(name)?.toFixed(0) ?? '-';
    return [name, ns.toFixed(1), other.toFixed(1), (other / ns).toFixed(2), ...counted, nodeNs];
  });
  const head = [
    'kernel',
    'SIMD, ns',
    'scalar, ns',
    'scalar / SIMD',
    'SIMD, instructions',
    'scalar, instructions',
    'scalar / SIMD',
    'node:crypto, ns',
  ];
  const how = simdCounts
    ? 'Instructions by callgrind.'
    : 'Instructions are not counted: there is no valgrind here.';
  return `### Kernels\n\nTimes: the least of many short runs. ${how}\n\n${table(head, rows)}`;
}
