/**
 * Self-signed certificates, made with `openssl req -x509` (OpenSSL 3.0), base64 of the DER. What the tests expect of them
 * is what `openssl x509 -nameopt RFC2253 -text` says.
 */
const BASE64 = {
  /** RSA 2048; subject and issuer `CN=example.com,O=Example\\, Inc.,C=DE`; six alternative names. */
  rsa: [
    'MIIDrDCCApSgAwIBAgIDAKsSMA0GCSqGSIb3DQEBCwUAMDsxCzAJBgNVBAYTAkRFMRYwFAYDVQQKDA1FeGFtcGxlLCBJbmMu',
    'MRQwEgYDVQQDDAtleGFtcGxlLmNvbTAeFw0yNjExMjEwMDA5MDFaFw0zNjExMTgwMDA5MDFaMDsxCzAJBgNVBAYTAkRFMRYw',
    'FAYDVQQKDA1FeGFtcGxlLCBJbmMuMRQwEgYDVQQDDAtleGFtcGxlLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoC',
    'ggEBAMBT++/YSYKnjwhSoYg0gIq+QljWcBD0Xvzs34lKy9jZHXP47l4tgO/Xu4aJRGHGn11Vzn1UuCe2eAabWiciUrtbxCG7',
    'JFXqXsPSzotfFO76EE6LES6fTi5VK1gmebLilH9GusIPL5sa97upKFJUbOhEI9Tb1iEmgNtiNu5pq16bFIkidtK20nbSXycu',
    'sH830VoHtFf7CuXFatECvUekgswcIQ/hpOkl+DifFeK23/jQIAEd0VifnpXEGmioL4cDuvPW2Q8Oa2+1+PaGMYwh+wlC3HUJ',
    'SaBHFQ+Wfb9U0HK1X0I4qnvhJAWtZkUb9dMf+BvBhOkUUG2m/8027VN5ue8CAwEAAaOBuDCBtTAdBgNVHQ4EFgQUcI0G2W1Z',
    '/mAi683jEJJWZn1dQpowHwYDVR0jBBgwFoAUcI0G2W1Z/mAi683jEJJWZn1dQpowDwYDVR0TAQH/BAUwAwEB/zBiBgNVHREE',
    'WzBZggtleGFtcGxlLmNvbYINKi5leGFtcGxlLmNvbYcEwAACAYcQIAENuAAAAAAAAAAAAAAAAYENYUBleGFtcGxlLmNvbYYU',
    'aHR0cHM6Ly9leGFtcGxlLmNvbS8wDQYJKoZIhvcNAQELBQADggEBALW2epu0OTsLTPp8b+EsYa6QYVdcBXyTou57B52v+UpW',
    '0N7p90ZCeAow0Nq2yZpa+mUG71u4f9WnDQrsTy6qST98PZZrUfhfWEPkva8eTFZD25h7L6xwo2hfTXEzryvsbW6yvPsjHplo',
    '2objCAzJp1wWo42QTnYqkKctdl5q47vrBpTHd4Yv1ZmKBO06sRbj45DnhzevXwXLMT5G6jAUjmCKPZWdfRkd3Mv0IZ/VxbJq',
    'wPt6C44137Z9/lnsGTZLtCgxIDBSweD+rIojTYc+oN6koPQzCJ4tInD0OCgXOpjrrTXwUJ4vY3nLLume7RHvtf4tSySJaxOX',
    'VfdWTsTo9Og=',
  ].join(''),
  /** P-384; `CN=\\#ü\\ `; valid until the year 3026. */
  ec: [
    'MIIBsTCCATigAwIBAgIUKTuL0VYUrqOrf9qiJREJvb18l9EwCgYIKoZIzj0EAwMwDzENMAsGA1UEAwwEI8O8IDAgFw0yNjEx',
    'MjEwMDA5MDFaGA8zMDI2MDMyNDAwMDkwMVowDzENMAsGA1UEAwwEI8O8IDB2MBAGByqGSM49AgEGBSuBBAAiA2IABGuR4vgG',
    's8+0PW1vi4on1Ro3nD3zF1FXwPzFjhYnWN/PD75bRxYL4wsxzI53ZrpnOeILDjzf35TH76bjnNZrqF1uIGkCC5/xCNBYcLWS',
    '/680eqKh9PaTVcQ5yUEh7aJM56NTMFEwHQYDVR0OBBYEFOXEQsQsDITbaSjBEqObOWQFcfVdMB8GA1UdIwQYMBaAFOXEQsQs',
    'DITbaSjBEqObOWQFcfVdMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwMDZwAwZAIwA3k2xx2N5tKWY679Yu7y4j9MajLu',
    '0ScmAT8t0Kdd/qX3av+ZCPSi/I9v3pwuI+ZjAjAfkGzxvJ8MBsNRY4ld6gUpq3JH7DSi/8zCimFcHXYfkbxdjEZcQSeEWnNT',
    'HMvrh68=',
  ].join(''),
  /** Ed25519; `CN=ed`. */
  ed25519: [
    'MIIBLjCB4aADAgECAhQYwt7qSnX31Btct2aTrsthck8CWDAFBgMrZXAwDTELMAkGA1UEAwwCZWQwHhcNMjYxMTIxMDAwOTAx',
    'WhcNMjYxMjIxMDAwOTAxWjANMQswCQYDVQQDDAJlZDAqMAUGAytlcAMhAGSekUQJjuz8m/zZ6Itr9a8YAxLMC5KM0V0SKBdp',
    'jog4o1MwUTAdBgNVHQ4EFgQUuJrf4SyEp8C5yZM0sZhvslIoW1cwHwYDVR0jBBgwFoAUuJrf4SyEp8C5yZM0sZhvslIoW1cw',
    'DwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQDKmIxbsdYlw/vPYHPukMXgXcSSmK+Y07JECcXoBVvyefj4EqJgpH/DMsh0LnTL',
    'M6IhA6pfCwSql+ieU6PdcCYG',
  ].join(''),
};

/** DER of the certificate of that kind. */
export function certificateDer(kind: keyof typeof BASE64): Uint8Array {
  return new Uint8Array(Buffer.from(BASE64[kind], 'base64'));
}
