import pico from 'picocolors';
import { UsageError } from '../errors.js';
import { explainPacket } from '../explain/explain.js';
import { explanationJson, explanationText } from '../explain/format.js';
import { openOutput } from '../sink/output.js';
import { colorsWanted, complain } from './terminal.js';

/** What `tlsfp explain` was asked. */
export interface ExplainRequest {
  readonly source: string;
  readonly packet: number;
  readonly capture: string | undefined;
  readonly json: boolean;
}

/** Run `tlsfp explain`; answers the exit code. */
export async function explainMain(request: ExplainRequest): Promise<number> {
  if (!Number.isInteger(request.packet) || request.packet < 1) {
    throw new UsageError('--packet wants the number of a packet, from 1 on');
  }
  if (request.source === '-') {
    throw new UsageError('standard input cannot be read twice', { hint: 'write it to a file first' });
  }
  const { explanations, error } = await explainPacket(request.source, request.packet, request.capture);
  const colors = pico.createColors(colorsWanted(process.stdout));
  const texts = explanations.map((one) =>
    request.json ? explanationJson(one) : explanationText(one, colors),
  );
  const output = openOutput(process.stdout);
  await output.write(Buffer.from(texts.join(request.json ? '' : '\n')));
  await output.close();
  if (error) complain(error.message);
  return error ? 3 : 0;
}
