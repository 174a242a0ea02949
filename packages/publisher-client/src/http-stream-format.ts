import { exportContent } from './export-content.js';
import type { IFormat, IFormatExport } from './format.js';

/** What is written to stream holds. */
export class HttpStreamFormat implements IFormat {
  content: string | Uint8Array | null;
  close: boolean;

  /**
   * @param content written as it is; nothing is added
   * @param close end the stream, in place of content
   * @throws Error where there is neither.
   */
  constructor(content: string | Uint8Array | null = null, close = false) {
    if (content == null && !close) throw new Error('HttpStreamFormat requires content.');
    this.content = content;
    this.close = close;
  }

  name(): string {
    return 'http-stream';
  }

  export(): IFormatExport {
    return this.close ? { action: 'close', content: '' } : exportContent('content', this.content);
  }
}
