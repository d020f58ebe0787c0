import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client';
import { LiveError, UsageError } from '../errors.js';
import { COUNTERS } from '../schema/codes.js';
import type { LiveStatus } from './status.js';

/** Where `--metrics` listens. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `127.0.0.1:9464`, `:9464`, `9464` or `[::1]:9464`; without a host: the loopback.
 * @throws UsageError
 */
export function parseMetricsAddress(text: string): MetricsAddress {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65535) {
    throw new UsageError(`--metrics cannot listen at ${text || 'nothing'}`, { hint: 'use 127.0.0.1:9464' });
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

/** The metrics of a run; values are asked for when they are read. */
export function liveRegistry(status: () => LiveStatus): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry] as unknown as Registry[];
  const counter = (name: string, help: string, value: (s: LiveStatus) => number) =>
    new Counter({
      name,
      help,
      registers,
      labelNames: ['ring'],
      collect() {
        const now = status();
        this.reset();
        this.inc({ ring: now.ring }, value(now));
      },
    });
  const gauge = (name: string, help: string, value: (s: LiveStatus) => number) =>
    new Gauge({
      name,
      help,
      registers,
      labelNames: ['ring'],
      collect() {
        const now = status();
        this.set({ ring: now.ring }, value(now));
      },
    });
  for (const { name, meaning } of COUNTERS) counter(`tlsfp_${name}`, meaning, (s) => s.counters[name]);
  counter('tlsfp_rows', 'rows of client_hellos that the outputs have taken', (s) => s.rows);
  gauge('tlsfp_open_flows', 'connections that wait for a hello', (s) => s.openFlows);
  gauge('tlsfp_max_flows', 'the most that may wait (limit max_flows)', (s) => s.maxFlows);
  gauge('tlsfp_queued_batches', 'batches that wait for the outputs', (s) => s.queued);
  gauge('tlsfp_uptime_seconds', 'time since the start', (s) => s.elapsed);
  lagGauge(registers, status);
  return registry;
}

function lagGauge(registers: Registry[], status: () => LiveStatus): void {
  new Gauge({
    name: 'tlsfp_lag_seconds',
    help: 'time from packet to row, of all rows',
    registers,
    labelNames: ['ring', 'quantile'],
    collect() {
      const { ring, lag } = status();
      this.set({ ring, quantile: '0.5' }, lag.p50 / 1000);
      this.set({ ring, quantile: '0.99' }, lag.p99 / 1000);
      this.set({ ring, quantile: '0.999' }, lag.p999 / 1000);
      this.set({ ring, quantile: '1' }, lag.max / 1000);
    },
  });
}

/** Serves `/metrics` as OpenMetrics text. */
export class MetricsServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws LiveError the address cannot be listened at */
  static async start(address: MetricsAddress, status: () => LiveStatus): Promise<MetricsServer> {
    const registry = liveRegistry(status);
    const server = createServer((request, response) => {
      if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(404).end('look at /metrics\n');
        return;
      }
      void registry.metrics().then((text) => {
        response.writeHead(200, { 'content-type': registry.contentType }).end(text);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new LiveError(`--metrics: ${cause.message}`, { hint: 'take another address or port', cause }));
      });
      server.listen(address.port, address.host, resolve);
    });
    server.unref();
    return new MetricsServer(server);
  }

  /** Port that it listens at: of use when 0 was asked for. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
