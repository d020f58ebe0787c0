/** Child of the benchmark: the npm package pcap-parser over a capture, nothing done with the packets. */
import { createRequire } from 'node:module';

interface Parser {
  on(event: 'packet', listener: () => void): void;
}

const { parse } = createRequire(import.meta.url)('pcap-parser') as { parse(path: string): Parser };
let packets = 0;
parse(process.argv[2]!).on('packet', () => {
  packets++;
});
process.on('exit', () => console.log(packets));
