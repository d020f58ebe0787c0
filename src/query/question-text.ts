import { type Question, questions, usageOf } from './questions.js';

const INDENT = '    ';

function wrapped(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && INDENT.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((l) => `${INDENT}${l}\n`).join('');
}

/** All questions with what they answer and the parameters they take. */
export function questionList(width: number): string {
  return questions()
    .map((question) => {
      const parameters = question.parameters.map((p) => wrapped(`${p.name}: ${p.meaning}`, width));
      return `${usageOf(question)}\n${wrapped(question.meaning, width)}${parameters.join('')}`;
    })
    .join('\n');
}

/** One question with its SQL. */
export function questionText(question: Question): string {
  const head = [question.meaning, ...question.parameters.map((p) => `$${p.name}: ${p.meaning}`)];
  return `${head.map((line) => `-- ${line}`).join('\n')}\n${question.sql};`;
}
