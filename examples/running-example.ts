import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';

/** A response that comes bit by bit. */
export class TextStream {
  readonly head: IncomingMessage;
  #text = '';

  constructor(head: IncomingMessage) {
    this.head = head;
    head.setEncoding('utf8');
  }

  /** All text up to and including `end`, which need not have come yet. @throws Error when the response ends before. */
  async until(end: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const text = this.#text.slice(0, at + end.length);
        this.#text = this.#text.slice(at + end.length);
        return text;
      }
      const chunk: string | undefined = await this.#next();
      if (chunk === undefined) throw new Error(`no ${JSON.stringify(end)} in ${JSON.stringify(this.#text)}`);
      this.#text += chunk;
    }
  }

  close(): void {
    this.head.destroy();
  }

  async #next(): Promise<string | undefined> {
    while (this.head.readableLength === 0) {
      if (this.head.readableEnded || this.head.destroyed) return undefined;
      await Promise.race([once(this.head, 'readable'), once(this.head, 'close')]);
    }
    return this.head.read() ?? undefined;
  }
}

/** A request of the tests. */
export interface ExampleRequest {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An example in a process of its own, run from the sources. */
export class RunningExample {
  readonly url: URL;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = new URL(url);
  }

  /** Starts `examples/NAME/main.mjs` on a free port; resolves when it has said where it is. `env`: besides our own. */
  static async start(
    name: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RunningExample> {
    const main = path.join(import.meta.dirname, name, 'main.mjs');
    const child = spawn(process.execPath, ['--conditions=@p-8/source', '--import', 'tsx', main, ...args], {
      env: { ...process.env, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = createInterface(child.stdout);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const gone = once(child, 'close').then(([status]) => {
      throw new Error(`the example ended with status ${status}: ${errors}`);
    });
    const [url] = await Promise.race([once(lines, 'line'), gone]);
    gone.catch(() => {});
    return new RunningExample(child, url);
  }

  /** Ends the process, and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }

  async get(target: string, { headers = {} }: ExampleRequest = {}): Promise<TextStream> {
    return new TextStream(await this.#request('GET', target, { headers }));
  }

  /** A GET that is answered when something happens: what it resolves to, and when the request has been sent. */
  poll(target: string): { readonly sent: Promise<unknown>; readonly answer: Promise<unknown> } {
    const request = http.get(new URL(target, this.url), { agent: false });
    return {
      sent: once(request, 'finish'),
      answer: once(request, 'response').then(([response]) => json(response)),
    };
  }

  async getText(target: string): Promise<string> {
    const response = await this.#request('GET', target, {});
    response.setEncoding('utf8');
    return (await response.toArray()).join('');
  }

  async post(target: string, body: string, contentType = 'text/plain'): Promise<string> {
    const response = await this.#request('POST', target, { body, headers: { 'Content-Type': contentType } });
    response.setEncoding('utf8');
    return (await response.toArray()).join('');
  }

  async #request(
    method: string,
    target: string,
    { body, headers = {} }: ExampleRequest,
  ): Promise<IncomingMessage> {
    const request = http.request(new URL(target, this.url), { method, headers, agent: false });
    request.end(body);
    const [response] = await once(request, 'response');
    return response;
  }
}
