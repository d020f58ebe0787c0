import { TextSink, type TextSinkOptions } from './text-sink.js';

/** Sink of comma-separated values (`TEXT_FORMATS.csv`). */
export class CsvSink extends TextSink {
  constructor(options: TextSinkOptions) {
    super('csv', options);
  }
}
