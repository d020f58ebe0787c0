import { aesTablesInit } from './aes-tables';
import { quicSaltsInit } from './quic-salts';

/**
 * Fill the tables of AES and of the QUIC key derivation. Call once, before any other function of this folder.
 */
export function cryptoInit(): void {
  aesTablesInit();
  quicSaltsInit();
}
