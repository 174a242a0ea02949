import type { Page } from 'playwright-core';
import { Lines } from './lines.js';

/** The cookie that comes with the page, out of reach of its scripts. */
export const PAGE_COOKIE = 'session=abc';

/** A page with nothing but a function that opens a WebSocket, reports what it hears, and gives it to the caller. */
export const PAGE = `<!doctype html>
<title>WebSocket</title>
<script>
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
  function connect(path, protocols) {
    const socket = new WebSocket('ws://' + location.host + path, protocols);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => report('open ' + JSON.stringify([socket.protocol, socket.extensions]));
    socket.onmessage = ({ data }) => report(typeof data === 'string' ? 'text ' + data : 'binary ' + hex(data));
    socket.onerror = () => report('error');
    socket.onclose = ({ code, reason, wasClean }) => report('close ' + JSON.stringify([code, reason, wasClean]));
    window.socket = socket;
  }
</script>
`;

/** {@link PAGE} in a browser. */
export class BrowserPage {
  readonly page: Page;
  /** `open ["protocol","extensions"]`, `text hello`, `binary 00ff`, `error`, `close [1000,"",true]`. */
  readonly heard: Lines;

  private constructor(page: Page, heard: Lines) {
    this.page = page;
    this.heard = heard;
  }

  static async open(page: Page, url: string): Promise<BrowserPage> {
    const heard = new Lines();
    await page.exposeFunction('report', (line: string) => heard.add(line));
    await page.goto(url);
    return new BrowserPage(page, heard);
  }

  connect(path: string, protocols: readonly string[] = []): Promise<void> {
    return this.run(`connect(${JSON.stringify(path)}, ${JSON.stringify(protocols)})`);
  }

  /** Runs a statement in the page, where `socket` is the WebSocket. */
  async run(script: string): Promise<void> {
    await this.page.evaluate(`${script}; undefined`);
  }

  next(): Promise<string> {
    return this.heard.next();
  }
}
