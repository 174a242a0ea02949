import { overviewOf, toMarkdown } from './markdown.js';
import type { Results } from './result.js';

/** What users see: of rows and of curves, each as it was measured last, in runs of their own. */
export interface Published {
  readonly rows?: Results;
  /** The run of rows before that: one run may have been lucky. */
  readonly rowsBefore?: Results;
  readonly curves?: Results;
}

/** What users see from now on: what a run did not measure stays. */
export function publish(published: Published, results: Results): Published {
  return {
    ...published,
    ...(results.rows.length > 0 && {
      rows: { ...results, curves: [] },
      ...(published.rows !== undefined && { rowsBefore: published.rows }),
    }),
    ...(results.curves.length > 0 && { curves: { ...results, rows: [] } }),
  };
}

/** What is between the marks of the document. */
export function publishedMarkdown({ rows, rowsBefore, curves }: Published): string {
  const parts = [
    ...(rows === undefined ? [] : [toMarkdown(rows)]),
    ...(rowsBefore === undefined ? [] : [`### The run before\n\n${overviewOf(rowsBefore)}\n`]),
    ...(curves === undefined ? [] : [toMarkdown(curves)]),
  ];
  return parts.length === 0 ? 'Not measured yet.\n' : parts.join('\n');
}
