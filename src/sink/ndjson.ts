import { TextSink, type TextSinkOptions } from './text-sink.js';

/** Sink of JSON lines (`TEXT_FORMATS.json`). */
export class NdjsonSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super('json', options);
  }
}
