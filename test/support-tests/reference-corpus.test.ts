import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { referenceRows } from '../support/reference/index.js';

const corpus = process.env.TLSFP_CORPUS ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** What the reference does not read: a capture with one of these tags is left out. */
const OTHER_TAGS = /tunnel|gtp|cmd-sgt|wifi|capwap|openvpn|sslv2|gquic/;

/** Captures in which what tshark sees differs from what there is to see, and why. */
const DIFFERENT: Record<string, string> = {
  'arkime--openvpn_synthetic.pcap': 'OpenVPN over TCP, its TLS whole in one packet: found by the search',
  'mercury--corner-cases.pcap':
    'ServerHellos in records that are never whole; an encrypted message that tshark takes for one',
  'mercury--emix.pcap': 'OpenVPN over TCP, its TLS whole in one packet: found by the search',
  'mercury--encrypted_handshake_cert_false_positive.pcap':
    'tshark takes an encrypted message for a ServerHello',
  'mercury--openvpn_tcp_single.pcap': 'OpenVPN over TCP, its TLS whole in one packet: found by the search',
  'mercury--server_hello_no_ext.pcap': 'a ServerHello in a record that is never whole',
  'ndpi--KakaoTalk_chat.pcap': 'a ServerHello in a record that is never whole',
  'ndpi--dtls.pcap': 'DTLS hellos sent again, counted again by tshark',
  'ndpi--dtls_old_version.pcapng': 'DTLS hellos sent again, counted again by tshark',
  'ndpi--rdp2.pcap': 'TLS in RDP over UDP',
  'ndpi--stun_zoom.pcapng': 'DTLS hellos sent again, counted again by tshark',
  'pcapplus--ssl-malformed1.pcap': 'the last extension is cut: tshark lists its type',
  'suricata--bug-2512-sample_10.62.112.41_62227.pcap':
    'tshark loses TLS after a CONNECT with missing segments',
  'wireshark--udt-dtls.pcapng': 'DTLS hellos sent again, counted again by tshark',
  'zeek--rdp-rdpeudp2-handshake-success.pcap': 'TLS in RDP over UDP',
  'zeek--tls-dtls13-cid.pcap': 'DTLS hellos sent again, counted again by tshark',
  'zeek--websocket-wstunnel-https.pcap': 'TLS in WebSocket frames',
};

/** tshark calls the DTLS version 0x0100 of old OpenSSL `s1`, which the JA4 text does not have. */
const OLD_DTLS = /^ds1/;

interface Hello {
  kind: string;
  ja3: string;
  ja3s: string;
  ja4: string;
  ja4_r: string;
}

function table(path: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const names = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i], value])));
}

describe.skipIf(!existsSync(corpus))('the reference on real captures', () => {
  const files = existsSync(corpus) ? table(`${corpus}/manifest.tsv`) : [];
  const compared = files.filter(({ file, tags }) => !OTHER_TAGS.test(tags!) && !(file! in DIFFERENT));

  it('covers nearly all captures', () => {
    expect(compared.length).toBeGreaterThan(420);
  });

  it.each(compared.map(({ file }) => file!))('%s agrees with tshark', (file) => {
    const expected = table(`${corpus}/expected/${file}.tshark.tsv`) as unknown as Hello[];
    const clients = expected.filter((one) => one.kind === 'client');
    const servers = expected.filter((one) => one.kind === 'server');
    const { clientHellos, serverHellos } = referenceRows(readFileSync(`${corpus}/${file}`));
    expect(clientHellos.map((one) => one.ja3).sort()).toEqual(clients.map((one) => one.ja3).sort());
    expect(serverHellos.map((one) => one.ja3s).sort()).toEqual(servers.map((one) => one.ja3s).sort());
    if (clients.some((one) => OLD_DTLS.test(one.ja4))) return;
    expect(clientHellos.map((one) => one.ja4).sort()).toEqual(clients.map((one) => one.ja4).sort());
    expect(clientHellos.map((one) => one.ja4_r).sort()).toEqual(clients.map((one) => one.ja4_r).sort());
  });
});
