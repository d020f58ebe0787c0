#!/usr/bin/env node
import { VERSION } from '../version.js';

// The version alone needs no parser: it answers before anything else is loaded.
const [only, ...more] = process.argv.slice(2);
if ((only === '--version' || only === '-V') && more.length === 0) console.log(VERSION);
else {
  const { run } = await import('./run.js');
  process.exitCode = await run(process.argv.slice(2));
}
