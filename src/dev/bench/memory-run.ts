/**
 * Child of the benchmark: reads one capture with the CSV sink, and prints as JSON what that did to V8's heap.
 *
 *     node memory-run.js CAPTURE
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { analyze } from '../../analyze.js';
import { CsvSink } from '../../sink/csv.js';

const columns = ['ts', 'src_ip', 'src_port', 'dst_ip', 'dst_port', 'sni', 'ja3', 'ja4'];
const capture = process.argv[2]!;
let collections = 0;
let longest = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    collections++;
    longest = Math.max(longest, entry.duration);
  }
});
observer.observe({ entryTypes: ['gc'] });
// What is on the heap is asked after every block read: the sum of the rises is what was allocated, but for what was
// collected within a block. Asking allocates too; how much, two questions in a row tell.
let allocated = 0;
let last = process.memoryUsage().heapUsed;
const ask = () => {
  const now = process.memoryUsage().heapUsed;
  allocated += Math.max(0, now - last);
  const again = process.memoryUsage().heapUsed;
  allocated -= Math.max(0, again - now);
  last = again;
};
await analyze([capture], { sinks: [new CsvSink({ out: '/dev/null', columns })], onProgress: ask });
ask();
// Entries are handed out from the event loop.
await new Promise((resolve) => setTimeout(resolve, 50));
observer.disconnect();
console.log(JSON.stringify({ collections, longest, allocated, rss: process.resourceUsage().maxRSS * 1024 }));
