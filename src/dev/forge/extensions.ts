import { ByteWriter, fromText } from './bytes.js';

/** One extension of a hello: its type and the bytes of its value (RFC 8446 §4.2). */
export interface Extension {
  type: number;
  data: Uint8Array;
}

/** An extension with any type and value, GREASE among them; empty if no value is given. */
export function extension(type: number, data: ArrayLike<number> = []): Extension {
  return { type, data: new Uint8Array(data) };
}

/** server_name with one host name (RFC 6066 §3). */
export function serverName(name: string | Uint8Array): Extension {
  const bytes = typeof name === 'string' ? fromText(name) : name;
  return build(0, (w) => w.vector16((list) => list.u8(0).vector16((host) => host.bytes(bytes))));
}

/** server_name as a server confirms it: empty. */
export function serverNameAcknowledged(): Extension {
  return extension(0);
}

/** max_fragment_length (RFC 6066 §4). */
export function maxFragmentLength(code: number): Extension {
  return extension(1, [code]);
}

/** status_request for OCSP (RFC 6066 §8). */
export function statusRequest(): Extension {
  return extension(5, [1, 0, 0, 0, 0]);
}

/** supported_groups (RFC 8446 §4.2.7). */
export function supportedGroups(...groups: number[]): Extension {
  return list16(10, groups);
}

/** ec_point_formats (RFC 8422 §5.1.2). */
export function pointFormats(...formats: number[]): Extension {
  return build(11, (w) => w.vector8((list) => list.bytes(formats)));
}

/** signature_algorithms (RFC 8446 §4.2.3). */
export function signatureAlgorithms(...schemes: number[]): Extension {
  return list16(13, schemes);
}

/** application_layer_protocol_negotiation (RFC 7301 §3.1). */
export function alpn(...protocols: (string | Uint8Array)[]): Extension {
  return protocolList(16, protocols);
}

/** application_settings, in its old (17513) or new (17613) type; the value is a list like ALPN's. */
export function applicationSettings(type: number, ...protocols: string[]): Extension {
  return protocolList(type, protocols);
}

/** signed_certificate_timestamp as a client asks for it (RFC 6962 §3.3.1). */
export function certificateTimestamps(): Extension {
  return extension(18);
}

/** padding with zeros (RFC 7685). */
export function padding(length: number): Extension {
  return { type: 21, data: new Uint8Array(length) };
}

/** encrypt_then_mac (RFC 7366). */
export function encryptThenMac(): Extension {
  return extension(22);
}

/** extended_main_secret (RFC 7627). */
export function extendedMainSecret(): Extension {
  return extension(23);
}

/** compress_certificate (RFC 8879 §3). */
export function compressCertificate(...algorithms: number[]): Extension {
  return build(27, (w) => w.vector8((list) => write16(list, algorithms)));
}

/** record_size_limit (RFC 8449). */
export function recordSizeLimit(limit: number): Extension {
  return build(28, (w) => w.u16(limit));
}

/** delegated_credential (RFC 9345 §4.1.1). */
export function delegatedCredential(...schemes: number[]): Extension {
  return list16(34, schemes);
}

/** session_ticket, empty to ask for one (RFC 5077 §3.2). */
export function sessionTicket(ticket: ArrayLike<number> = []): Extension {
  return extension(35, ticket);
}

/** pre_shared_key of a client: identities and binders, pairwise (RFC 8446 §4.2.11). Must be the last extension. */
export function preSharedKey(identity: Uint8Array, binder: Uint8Array, age = 0): Extension {
  return build(41, (w) =>
    w
      .vector16((list) => list.vector16((one) => one.bytes(identity)).u32(age))
      .vector16((list) => list.vector8((one) => one.bytes(binder))),
  );
}

/** early_data of a client (RFC 8446 §4.2.10). */
export function earlyData(): Extension {
  return extension(42);
}

/** supported_versions of a client (RFC 8446 §4.2.1). */
export function supportedVersions(...versions: number[]): Extension {
  return build(43, (w) => w.vector8((list) => write16(list, versions)));
}

/** supported_versions of a server: the version chosen. */
export function selectedVersion(version: number): Extension {
  return build(43, (w) => w.u16(version));
}

/** cookie (RFC 8446 §4.2.2). */
export function cookie(value: Uint8Array): Extension {
  return build(44, (w) => w.vector16((v) => v.bytes(value)));
}

/** psk_key_exchange_modes (RFC 8446 §4.2.9). */
export function pskModes(...modes: number[]): Extension {
  return build(45, (w) => w.vector8((list) => list.bytes(modes)));
}

/** key_share of a client: group and key of each entry (RFC 8446 §4.2.8). */
export function keyShares(...entries: { group: number; key: Uint8Array }[]): Extension {
  return build(51, (w) =>
    w.vector16((list) => {
      for (const { group, key } of entries) list.u16(group).vector16((k) => k.bytes(key));
    }),
  );
}

/** key_share of a server. */
export function serverKeyShare(group: number, key: Uint8Array): Extension {
  return build(51, (w) => w.u16(group).vector16((k) => k.bytes(key)));
}

/** key_share of a HelloRetryRequest: the group asked for. */
export function retryKeyShare(group: number): Extension {
  return build(51, (w) => w.u16(group));
}

/** One QUIC transport parameter: id and value. */
export interface TransportParameter {
  id: number;
  value: Uint8Array;
}

/** quic_transport_parameters (RFC 9001 §8.2, RFC 9000 §18), type 57, or 0xffa5 of the drafts. */
export function quicTransportParameters(parameters: readonly TransportParameter[], type = 57): Extension {
  return build(type, (w) => {
    for (const { id, value } of parameters) {
      w.bytes(quicInteger(id)).bytes(quicInteger(value.length)).bytes(value);
    }
  });
}

/** encrypted_client_hello, outer form (RFC 9849 §5). */
export function encryptedClientHello(config: number, key: Uint8Array, payload: Uint8Array): Extension {
  return build(0xfe0d, (w) =>
    w
      .u8(0)
      .u16(1)
      .u16(1)
      .u8(config)
      .vector16((v) => v.bytes(key))
      .vector16((v) => v.bytes(payload)),
  );
}

/** renegotiation_info of a first handshake (RFC 5746 §3.2). */
export function renegotiationInfo(): Extension {
  return extension(0xff01, [0]);
}

/** The shortest variable-length integer of a value below 2^30 (RFC 9000 §16), or one of `width` bytes. */
export function quicInteger(value: number, width?: 1 | 2 | 4): Uint8Array {
  const bytes = width ?? (value < 0x40 ? 1 : value < 0x4000 ? 2 : 4);
  const writer = new ByteWriter();
  if (bytes === 1) return writer.u8(value).done();
  if (bytes === 2) return writer.u16(0x4000 | value).done();
  if (value >= 2 ** 30) throw new RangeError(`${value} needs a QUIC integer of 8 bytes`);
  return writer.u32((0x80000000 | value) >>> 0).done();
}

function build(type: number, body: (writer: ByteWriter) => void): Extension {
  const writer = new ByteWriter();
  body(writer);
  return { type, data: writer.done() };
}

function write16(writer: ByteWriter, values: readonly number[]): void {
  for (const value of values) writer.u16(value);
}

function list16(type: number, values: readonly number[]): Extension {
  return build(type, (w) => w.vector16((list) => write16(list, values)));
}

function protocolList(type: number, protocols: readonly (string | Uint8Array)[]): Extension {
  return build(type, (w) =>
    w.vector16((list) => {
      for (const protocol of protocols) {
        list.vector8((name) => name.bytes(typeof protocol === 'string' ? fromText(protocol) : protocol));
      }
    }),
  );
}
