import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type AnalyzeOptions, analyze } from '../src/analyze.js';
import { rowObjects } from '../src/core/rows.js';
import type { BatchSet } from '../src/core/views.js';
import * as forge from '../src/dev/forge/index.js';
import type { CaptureRow } from '../src/schema/tables.js';
import type { Sink, SinkCapture } from '../src/sink/sink.js';
import { lines } from './core/captures.js';
import { temporaryFolder } from './support/core-rows.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/captures/${name}`, import.meta.url));
const WGET = fixture('wget-1.21.pcap');
const RUBY = fixture('ruby-3.1.pcap');

/** Remembers what it was told, and fails where it is asked to. */
class FakeSink implements Sink {
  readonly layout: 'narrow' | 'wide';
  finished = false;
  readonly calls: string[] = [];
  readonly hellos: object[] = [];
  readonly servers: object[] = [];
  readonly captures: CaptureRow[] = [];
  readonly failAt: string | undefined;

  constructor(layout: 'narrow' | 'wide' = 'wide', failAt?: string) {
    this.layout = layout;
    this.failAt = failAt;
  }

  #call(name: string, what = name): void {
    this.calls.push(what);
    if (name === this.failAt) throw new Error(`${name} failed`);
  }

  begin(capture: SinkCapture): void {
    this.#call('begin', `begin ${capture.id}`);
  }

  async write(batches: BatchSet): Promise<void> {
    const { client_hellos, hello_contents, server_hellos } = batches;
    this.hellos.push(...rowObjects<object>([...client_hellos.columns, ...hello_contents.columns], {}));
    this.servers.push(...rowObjects<object>(server_hellos.columns, {}));
    this.#call('write');
  }

  end(row: CaptureRow): void {
    this.captures.push(row);
    this.#call('end');
  }

  async abandon(): Promise<void> {
    this.#call('abandon');
  }

  close(): void {
    this.#call('close');
  }
}

/** Tells also whether it was let wait, and until when. */
class WaitingSink extends FakeSink {
  override begin(capture: SinkCapture): void {
    super.begin(capture);
    if (capture.oneOfMany) this.calls.push('may wait');
  }

  settle(): void {
    this.calls.push('settle');
  }
}

async function run(paths: string[], options: Omit<AnalyzeOptions, 'sinks'> = {}) {
  const sink = new FakeSink();
  const result = await analyze(paths, { ...options, sinks: [sink] });
  return { sink, ...result };
}

describe('analyze', () => {
  it('tells sinks of each capture in order', async () => {
    const { sink, captures, errors, interrupted } = await run([WGET, RUBY]);
    expect(sink.calls).toEqual(['begin 1', 'write', 'end', 'begin 2', 'write', 'end']);
    expect(captures.map((row) => row.path)).toEqual([WGET, RUBY]);
    expect(sink.captures).toEqual(captures);
    expect(captures[0]!.client_hellos).toBe(BigInt(sink.hellos.length) - captures[1]!.client_hellos);
    expect(errors).toEqual([]);
    expect(interrupted).toBe(false);
  });

  it.each([1, 2])(
    'lets a sink keep captures back if there are many, until all are read (%i jobs)',
    async (jobs) => {
      const sink = new WaitingSink();
      await analyze([WGET, RUBY], { sinks: [sink], jobs });
      const each = (id: number) => [`begin ${id}`, 'may wait', 'write', 'end'];
      expect(sink.calls).toEqual([...each(1), ...each(2), 'settle']);
      const alone = new WaitingSink();
      await analyze([WGET], { sinks: [alone], jobs });
      expect(alone.calls).toEqual(['begin 1', 'write', 'end', 'settle']);
    },
  );

  it('settles what was read when a signal stops it', async () => {
    const abort = new AbortController();
    const sink = new WaitingSink();
    await analyze([WGET, RUBY], { sinks: [sink], signal: abort.signal, onCapture: () => abort.abort() });
    expect(sink.calls).toEqual(['begin 1', 'may wait', 'write', 'end', 'settle']);
  });

  it('collects the faults of inputs and goes on', async () => {
    const whole = forge.pcap([{ time: 1n, data: new Uint8Array(60) }]);
    const cut = folder.write('cut.pcap', whole.subarray(0, whole.length - 3));
    const text = folder.write('text.pcap', 'no capture\n');
    const missing = join(folder.path, 'missing.pcap');
    const { sink, captures, errors } = await run([missing, cut, text, WGET]);
    expect(errors.map((error) => [error.code, error.path])).toEqual([
      ['ERR_TLSFP_INPUT_NOT_FOUND', missing],
      ['ERR_TLSFP_CAPTURE_TRUNCATED', cut],
      ['ERR_TLSFP_CAPTURE_FORMAT', text],
    ]);
    expect(sink.calls.filter((call) => call.startsWith('begin'))).toEqual(['begin 2', 'begin 3', 'begin 4']);
    expect(captures.map((row) => row.error === null)).toEqual([false, false, true]);
    expect(captures[2]!.client_hellos).toBeGreaterThan(0n);
  });

  it('wants one layout of all sinks', async () => {
    const sinks = [new FakeSink('wide'), new FakeSink('narrow')];
    await expect(analyze([WGET], { sinks })).rejects.toThrow(TypeError);
    expect(sinks.flatMap((sink) => sink.calls)).toEqual([]);
  });

  it.each<[string, string[], string[]]>([
    ['begin', ['begin 1', 'abandon'], ['begin 1']],
    ['write', ['begin 1', 'write', 'abandon'], ['begin 1', 'write', 'abandon']],
    ['end', ['begin 1', 'write', 'end'], ['begin 1', 'write', 'end', 'abandon']],
  ])('when a sink fails at %s each forgets what it has not ended', async (failAt, good, bad) => {
    const sinks = [new FakeSink('wide'), new FakeSink('wide', failAt)];
    await expect(analyze([WGET, RUBY], { sinks })).rejects.toThrow(`${failAt} failed`);
    expect(sinks[0]!.calls).toEqual(good);
    expect(sinks[1]!.calls).toEqual(bad);
  });

  it('tells the first fault when a sink cannot even forget', async () => {
    const failing = new FakeSink('wide', 'write');
    const stuck = new FakeSink('wide', 'abandon');
    await expect(analyze([WGET], { sinks: [stuck, failing] })).rejects.toThrow('write failed');
    expect(failing.calls.at(-1)).toBe('abandon');
  });

  it('stops at a signal and keeps what was read', async () => {
    const abort = new AbortController();
    const { sink, captures, interrupted } = await run([WGET, RUBY], {
      signal: abort.signal,
      onCapture: () => abort.abort(),
    });
    expect(interrupted).toBe(true);
    expect(captures.map((row) => row.path)).toEqual([WGET]);
    expect(sink.calls).toEqual(['begin 1', 'write', 'end']);
  });

  it('stops at a signal in the middle of a capture: connections under way have their rows', async () => {
    const abort = new AbortController();
    const { sink, captures } = await run([half('one'), half('two')], {
      followOn: true,
      signal: abort.signal,
      onProgress: ({ position, size }) => position === size && abort.abort(),
    });
    expect(captures.length).toBe(1);
    expect(sink.hellos).toMatchObject([{ complete: false, anomalies: ['end_of_capture'] }]);
  });

  it('reads nothing when the signal fired before, or nobody reads the result', async () => {
    expect((await run([WGET], { signal: AbortSignal.abort() })).sink.calls).toEqual([]);
    const sink = new FakeSink();
    sink.finished = true;
    expect((await analyze([WGET], { sinks: [sink] })).captures).toEqual([]);
  });

  it('tells progress', async () => {
    const seen: string[] = [];
    await run([WGET, RUBY], {
      onProgress: ({ index, count, position, size }) => seen.push(`${index}/${count} ${position === size}`),
    });
    expect([...new Set(seen)].filter((one) => one.endsWith('true'))).toEqual(['1/2 true', '2/2 true']);
  });
});

const CLIENT = { address: '192.0.2.1', port: 50_000 };
const SERVER = { address: '192.0.2.2', port: 443 };
const HELLO = forge.handshakeRecords(
  forge.clientHello({ ciphers: [0x1301], extensions: [forge.serverName('a.example'), forge.padding(1500)] }),
);

/** A connection whose hello has only begun at the end of the capture. */
function half(name: string): string {
  const stream = new forge.TcpStream({ client: CLIENT, server: SERVER }).open();
  stream.packet('client', 0, forge.TCP_FLAG.ack, HELLO.subarray(0, 400));
  return folder.write(
    `${name}.pcap`,
    forge.pcap(forge.wrapAll(stream.packets, (one) => forge.ethernet(one))),
  );
}

describe('followOn', () => {
  const answer = forge.handshakeRecords(
    forge.serverHello({ cipher: 0x1301, extensions: [forge.selectedVersion(0x0304)] }),
  );
  const stream = new forge.TcpStream({ client: CLIENT, server: SERVER, segmentSize: 500 });
  stream.open().send('client', HELLO).send('server', answer).close();
  const packets = forge.wrapAll(stream.packets, (packet) => forge.ethernet(packet));
  const whole = folder.write('whole.pcap', forge.pcap(packets));

  /** Rows without what a cut must change: the numbers of packets and of captures. */
  const told = (rows: readonly object[]): string =>
    lines(rows.map((row) => ({ ...row, packet: 0, first_packet: 0, capture_id: 0 })));

  it('gives the rows of the uncut capture, wherever it was cut', async () => {
    const uncut = (await run([whole])).sink;
    expect(uncut.hellos.length).toBe(1);
    for (let at = 1; at < packets.length; at++) {
      const pieces = [packets.slice(0, at), packets.slice(at)].map((piece, i) =>
        folder.write(`piece-${at}-${i}.pcap`, forge.pcap(piece)),
      );
      const { sink } = await run(pieces, { followOn: true });
      expect(told(sink.hellos)).toBe(told(uncut.hellos));
      expect(told(sink.servers)).toBe(told(uncut.servers));
      expect(sink.calls.filter((call) => call === 'end').length).toBe(2);
    }
  });

  it('without it each piece stands alone', async () => {
    const { sink } = await run([half('alone'), whole]);
    expect(sink.hellos).toMatchObject([{ complete: false }, { complete: true }]);
  });

  it('connections end with the last piece that can be opened', async () => {
    const { sink, errors } = await run([half('last'), join(folder.path, 'not-there.pcap')], {
      followOn: true,
    });
    expect(errors.length).toBe(1);
    expect(sink.hellos).toMatchObject([{ complete: false, anomalies: ['end_of_capture'] }]);
  });
});
