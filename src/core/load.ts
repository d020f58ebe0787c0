import { readFileSync } from 'node:fs';
import { AbiMismatchError } from '../errors.js';
import { schemaHash } from '../schema/layout.js';

/** What the WASM module exports: numbers only (see `assembly/index.ts`). */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  schemaHash(): bigint;
  limitsPtr(): number;
  controlPtr(): number;
  descriptorPtr(): number;
  init(wide: number): number;
  begin(captureId: number, keepFlows: number): void;
  stretchBegin(entries: number, entriesEnd: number, hashes: number, hashesEnd: number, offset: bigint): void;
  stretchEnd(to: number, end: number): void;
  stretchFits(at: bigint, moved: bigint, interfaces: number): number;
  stretchSettle(): number;
  stretchChoose(hashes: number, touched: number, left: number): void;
  stretchChosen(): number;
  stretchSelect(entries: number, n: number): number;
  stretchPlace(entries: number, n: number, to: number, room: number, pieces: number, most: number): number;
  stretchReplay(entries: number, n: number, base: bigint, linkType: number): number;
  stretchJoin(
    from: number,
    finished: number,
    flows: number,
    base: bigint,
    packets: bigint,
    offset: bigint,
    at: bigint,
  ): void;
  keepNone(): void;
  stretchLinkType(linkType: number): void;
  forgetContents(): void;
  process(ptr: number, length: number): number;
  resetBatches(): void;
  finish(rest: number, keepFlows: number): number;
  openableRecords(): number;
  opened(at: number, bytes: number): void;
  opener(records: number): void;
  openAhead(p: number, n: number, place: number, from: number, out: number): number;
  openedBytes(): number;
  fingerprinter(): number;
  fingerprintBegin(): void;
  fingerprintKeys(offsets: number, data: number, validity: number, rows: number): number;
  lines(): void;
  linesWrite(
    table: number,
    columns: number,
    from: number,
    until: number,
    csv: number,
    to: number,
    spare: number,
    ends: number,
  ): number;
  ringAttach(
    index: number,
    kind: number,
    at: number,
    buffers: number,
    slots: number,
    bytes: number,
    extra: number,
    region: number,
  ): void;
  ringControl(index: number, action: number): void;
  ringPoll(index: number, budget: number, nowMs: number): number;
  expire(nowMs: number): number;
}

/** `simd` needs an engine with WebAssembly SIMD (every Node supported); `scalar` is its twin without. */
export type CoreBuild = 'simd' | 'scalar';

/** A module whose only function uses a SIMD instruction (i8x16.splat). */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
]);

/** The build that fits this engine; `TLSFP_NO_WASM_SIMD=1` asks for the scalar one. */
export function defaultBuild(): CoreBuild {
  if (process.env.TLSFP_NO_WASM_SIMD === '1') return 'scalar';
  return WebAssembly.validate(SIMD_PROBE) ? 'simd' : 'scalar';
}

const modules = new Map<CoreBuild, WebAssembly.Module>();

/** The compiled module of a build; compiled once per thread, and posted to workers as it is. */
export function coreModule(build: CoreBuild): WebAssembly.Module {
  let module = modules.get(build);
  if (!module) {
    module = new WebAssembly.Module(
      readFileSync(new URL(`../../dist/wasm/tlsfp.${build}.wasm`, import.meta.url)),
    );
    modules.set(build, module);
  }
  return module;
}

/**
 * Instantiate a core.
 *
 * @throws AbiMismatchError when the module was built from another schema
 */
export function instantiate(module: WebAssembly.Module): CoreExports {
  const core = new WebAssembly.Instance(module, {}).exports as unknown as CoreExports;
  const found = BigInt.asUintN(64, core.schemaHash());
  if (found !== schemaHash()) {
    throw new AbiMismatchError('the WebAssembly core does not belong to this version of tlsfp', {
      hint: 'install it again, or in a checkout run `npm run build`',
    });
  }
  return core;
}
