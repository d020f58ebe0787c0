import { describe, expect, it } from 'vitest';
import { Core } from '../../src/core/core.js';
import { captures, corpusIsThere, tsharkRows } from '../conformance/corpus.js';
import { coreRows } from '../support/core-rows.js';
import { CORE_BUILDS } from '../support/wasm.js';

const fixture = (name: string) => new URL(`../../fixtures/captures/${name}`, import.meta.url).pathname;

/** Corpus captures with such a beginning: `app` of the flows with a hello, in the order of their first hello. */
const CORPUS: Record<string, readonly (string | null)[]> = {
  'arkime--https-connect.pcap': ['http-connect'],
  'arkime--ldap-ssl.pcap': ['ldap'],
  'arkime--smtp-starttls.pcap': ['smtp'],
  'arkime--socks-https-example.pcap': ['socks4', 'socks4', 'socks5'],
  'arkime--socks4-https.pcap': ['socks4'],
  'ndpi--http_connect.pcap': ['http-connect', null],
  'ndpi--rdp_over_tls.pcap': ['rdp'],
  'ndpi--smtp-starttls.pcap': ['smtp', 'smtp'],
  'pcapplus--pcapng-example.pcapng': ['mysql'],
  'suricata--http-connect-tls.pcap': [],
  'zeek--ftp-ftp-auth-tls.pcap': ['ftp'],
  'zeek--http-connect-with-header.pcap': ['http-connect'],
  'zeek--mysql-tls-12-amazon-rds.pcap': ['mysql'],
  'zeek--mysql-tls-13-amazon-rds.pcap': ['mysql'],
  'zeek--postgresql-psql-aws-ssl-preferred.pcap': ['postgres'],
  'zeek--postgresql-psql-aws-ssl-require.pcap': ['postgres'],
  'zeek--rdp-rdp-no-cookie-mstshash.pcap': ['rdp'],
  'zeek--socks-with-ssl.pcap': ['socks5'],
  'zeek--tls-imap-starttls.pcap': ['imap'],
  'zeek--tls-irc-starttls.pcap': ['irc'],
  'zeek--tls-pop3-starttls.pcap': ['pop3'],
  'zeek--tls-smtp-starttls.pcap': ['smtp'],
  'zeek--tls-xmpp-dialback-starttls.pcap': ['xmpp'],
};

describe.each(CORE_BUILDS)('captures with something before TLS (%s build)', (build) => {
  const core = new Core({ build, layout: 'wide' });

  it.each([
    ['starttls-smtp.pcap', ['smtp', 'smtp', 'smtp']],
    ['starttls-imap.pcap', ['imap', 'imap']],
    // The data connection begins with TLS.
    ['starttls-ftp.pcap', ['ftp', 'ftp', null]],
    // Each with a HelloRetryRequest
    ['starttls-postgres.pcap', ['postgres', 'postgres', 'postgres', 'postgres']],
  ])('%s', async (name, apps) => {
    const { clientHellos, serverHellos } = await coreRows(fixture(name), { core });
    expect(clientHellos.map((row) => row.app)).toEqual(apps);
    expect(serverHellos.map((row) => row.app)).toEqual(apps);
  });

  const present = corpusIsThere() ? captures().filter(({ file }) => file in CORPUS) : [];
  it.runIf(present.length > 0).each(present)(
    '$file has the hellos that tshark sees',
    async ({ file, path }) => {
      const { clientHellos, serverHellos } = await coreRows(path, { core });
      const expected = tsharkRows(file);
      const clients = expected.filter((row) => row.kind === 'client').map((row) => row.ja4);
      expect(clientHellos.map((row) => row.ja4)).toEqual(clients);
      const servers = expected.filter((row) => row.kind === 'server').map((row) => row.ja3s);
      expect(serverHellos.map((row) => row.ja3s)).toEqual(servers);
      const flows = new Map([...clientHellos, ...serverHellos].map((row) => [row.flow_id, row.app]));
      expect([...flows.values()]).toEqual(CORPUS[file]);
    },
  );
});
