import { toMarkdown } from './markdown.js';
import type { Results } from './result.js';

/** What users see: of rows and of curves, each as it was measured last, in runs of their own. */
export interface Published {
  readonly rows?: Results;
  readonly curves?: Results;
}

/** What users see from now on: what a run did not measure stays. */
export function publish(published: Published, results: Results): Published {
  return {
    ...published,
    ...(results.rows.length > 0 && { rows: { ...results, curves: [] } }),
    ...(results.curves.length > 0 && { curves: { ...results, rows: [] } }),
  };
}

/** What is between the marks of the document. */
export function publishedMarkdown({ rows, curves }: Published): string {
  const runs = [rows, curves].filter((run) => run !== undefined);
  return runs.length === 0 ? 'Not measured yet.\n' : runs.map(toMarkdown).join('\n');
}
