export * from './crypto/testing';
