import { MEASURES } from './measures.js';
import { SYSTEMS } from './systems.js';

/**
 * Who loses what when: the same questions, asked of P-8 and of Pushpin (Debian's package), both in processes of their own. Prints
 * the table of docs/recipes.md. Run it by `npm run guarantees`; it takes about five minutes. An argument: only the questions
 * that have it in them.
 */
const [, , wanted = ''] = process.argv;
const names = Object.keys(SYSTEMS);
console.log(`| | ${names.join(' | ')} |`);
console.log(`|---|${'---|'.repeat(names.length)}`);
for (const { question, measure } of MEASURES.filter((one) => one.question.includes(wanted))) {
  const answers: string[] = [];
  for (const start of Object.values(SYSTEMS)) answers.push(await measure(start));
  console.log(`| ${question} | ${answers.join(' | ')} |`);
}
