export * from './crypto/testing';
export * from './fingerprint/testing';
