import { columnReader } from '../core/rows.js';
import type { Batch, BatchSet } from '../core/views.js';
import type { CaptureRow } from '../schema/tables.js';
import type { Sink } from '../sink/sink.js';
import { LatencyJoin } from './latency.js';
import { POST_QUANTUM_GROUPS } from './post-quantum.js';

/** Distinct hosts and names counted exactly per client; beyond, the count is a lower bound. */
export const MAX_DISTINCT = 10_000;

/** What is known of the hellos of one JA4. */
export interface ClientSummary {
  readonly ja4: string | null;
  readonly ja3: string | null;
  hellos: number;
  readonly hosts: Set<string>;
  readonly names: Map<string, number>;
}

/** What the summary of a run shows. */
export interface Summary {
  readonly captures: CaptureRow[];
  readonly clients: Map<string, ClientSummary>;
  readonly protocols: Map<string, number>;
  /** Highest version offered, by `protocol version`. */
  readonly offered: Map<string, number>;
  readonly incomplete: Map<string, number>;
  readonly serverVersions: Map<string, number>;
  readonly serverCiphers: Map<number, number>;
  readonly serverAlpn: Map<string, number>;
  readonly serverGroups: Map<number, number>;
  hellos: number;
  serverHellos: number;
  retries: number;
  /** ClientHellos that offer a post-quantum group, and ServerHellos that choose one. */
  postQuantum: number;
  postQuantumChosen: number;
  ech: number;
  readonly latency: LatencyJoin;
}

interface Content {
  readonly ja3: string | null;
  readonly ja4: string | null;
  readonly version: number;
  readonly ech: boolean;
  readonly postQuantum: boolean;
}

const POST_QUANTUM: ReadonlySet<number> = new Set(POST_QUANTUM_GROUPS);

function bump<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

type Reader = (row: number) => unknown;

function readers(batch: Batch): (name: string) => Reader {
  const columns = new Map(batch.columns.map((c) => [c.spec.name, c]));
  return (name) => columnReader(columns.get(name)!);
}

const CONTENT_COLUMNS = [
  'content_id',
  'ja3',
  'ja4',
  'version',
  'ech',
  'supported_groups',
  'key_share_groups',
];
const CLIENT_COLUMNS = ['content_id', 'protocol', 'src_ip', 'sni', 'complete', 'anomalies', 'flow_id', 'ts'];
const SERVER_COLUMNS = [
  'is_retry',
  'version',
  'cipher_suite',
  'alpn',
  'selected_group',
  'flow_id',
  'ts',
  'protocol',
];

/** Gathers what the summary of a run shows. */
export class SummarySink implements Sink {
  readonly layout = 'narrow';
  readonly wanted = {
    client_hellos: new Set(CLIENT_COLUMNS),
    hello_contents: new Set(CONTENT_COLUMNS),
    server_hellos: new Set(SERVER_COLUMNS),
    certificates: new Set<string>(),
  };
  readonly summary: Summary = {
    captures: [],
    clients: new Map(),
    protocols: new Map(),
    offered: new Map(),
    incomplete: new Map(),
    serverVersions: new Map(),
    serverCiphers: new Map(),
    serverAlpn: new Map(),
    serverGroups: new Map(),
    hellos: 0,
    serverHellos: 0,
    retries: 0,
    postQuantum: 0,
    postQuantumChosen: 0,
    ech: 0,
    latency: new LatencyJoin(),
  };
  readonly #contents = new Map<bigint, Content>();

  begin(): void {}

  write(batches: BatchSet): void {
    this.#takeContents(batches.hello_contents);
    this.#takeClients(batches.client_hellos);
    this.#takeServers(batches.server_hellos);
  }

  end(row: CaptureRow): void {
    this.summary.captures.push(row);
  }

  abandon(): void {}
  close(): void {}

  #takeContents(batch: Batch): void {
    const of = readers(batch);
    const [id, ja3, ja4, version, ech, groups, shares] = CONTENT_COLUMNS.map(of) as Reader[];
    for (let i = 0; i < batch.rows; i++) {
      const offered = [...(groups!(i) as number[]), ...(shares!(i) as number[])];
      this.#contents.set(id!(i) as bigint, {
        ja3: ja3!(i) as string | null,
        ja4: ja4!(i) as string | null,
        version: version!(i) as number,
        ech: ech!(i) as boolean,
        postQuantum: offered.some((group) => POST_QUANTUM.has(group)),
      });
    }
  }

  #takeClients(batch: Batch): void {
    const { summary } = this;
    const of = readers(batch);
    const [id, protocol, src, sni, complete, anomalies, flow, ts] = CLIENT_COLUMNS.map(of) as Reader[];
    for (let i = 0; i < batch.rows; i++) {
      const content = this.#contents.get(id!(i) as bigint)!;
      const name = protocol!(i) as string;
      summary.hellos++;
      bump(summary.protocols, name);
      bump(summary.offered, `${name} ${content.version}`);
      if (content.ech) summary.ech++;
      if (content.postQuantum) summary.postQuantum++;
      if (!complete!(i)) bump(summary.incomplete, (anomalies!(i) as string[])[0] ?? 'unknown');
      this.#count(content, src!(i) as string, sni!(i) as string | null);
      summary.latency.client(flow!(i) as bigint, ts!(i) as bigint);
    }
  }

  #count(content: Content, host: string, name: string | null): void {
    const key = content.ja4 ?? '';
    let client = this.summary.clients.get(key);
    if (!client) {
      client = { ja4: content.ja4, ja3: content.ja3, hellos: 0, hosts: new Set(), names: new Map() };
      this.summary.clients.set(key, client);
    }
    client.hellos++;
    if (client.hosts.size < MAX_DISTINCT) client.hosts.add(host);
    if (name !== null && (client.names.size < MAX_DISTINCT || client.names.has(name)))
      bump(client.names, name);
  }

  #takeServers(batch: Batch): void {
    const { summary } = this;
    const of = readers(batch);
    const [retry, version, cipher, alpn, group, flow, ts, protocol] = SERVER_COLUMNS.map(of) as Reader[];
    for (let i = 0; i < batch.rows; i++) {
      summary.latency.server(flow!(i) as bigint, ts!(i) as bigint);
      if (retry!(i)) {
        summary.retries++;
        continue;
      }
      summary.serverHellos++;
      const chosen = version!(i) as number | null;
      if (chosen !== null) bump(summary.serverVersions, `${protocol!(i)} ${chosen}`);
      const suite = cipher!(i) as number | null;
      if (suite !== null) bump(summary.serverCiphers, suite);
      const application = alpn!(i) as string | null;
      if (application !== null) bump(summary.serverAlpn, application);
      const share = group!(i) as number | null;
      if (share === null) continue;
      bump(summary.serverGroups, share);
      if (POST_QUANTUM.has(share)) summary.postQuantumChosen++;
    }
  }
}
