import { fail, ok, type Result } from '@p-8/protocol';
import { BodyArrival, TOO_SLOW } from '../http/body-arrival.js';
import { ChunkList } from '../http/chunk-list.js';
import { rewriteBody } from '../http/parsed-body.js';
import { hasBody } from '../http/request-body.js';
import type { KeptInput } from '../input-bytes.js';
import { readSentForm, readSentMessages } from './sent-messages.js';
import type { SockJsRequest } from './sockjs-request.js';

const FORM = 'application/x-www-form-urlencoded';

/** A request that carries messages of a client, and is answered when they have been passed on. */
export class SendRequest {
  readonly messages: readonly string[];
  readonly bytes: number;
  readonly #request: SockJsRequest;
  readonly #isForm: boolean;

  /** `bytes`: of its body; `isForm`: it may have been sent by a form. */
  constructor(request: SockJsRequest, messages: readonly string[], bytes: number, isForm: boolean) {
    this.#request = request;
    this.messages = messages;
    this.bytes = bytes;
    this.#isForm = isForm;
  }

  /** Says that the messages have been taken. Some browsers do strange things with a form that is answered 204. */
  confirm(): void {
    // Firefox takes what has no type for XML, and complains.
    this.#request.answer(this.#isForm ? 200 : 204, 'text/plain; charset=UTF-8', this.#isForm ? 'ok' : '');
  }

  refuse(status: number, message: string): void {
    this.#request.refuse(status, message);
  }
}

/** How a send is read. */
export interface SendOptions {
  /** The messages may come in a form. */
  readonly takesForms: boolean;
  /** The most bytes of a body. */
  readonly maxBytes: number;
}

/** Reads the body of a send, and calls `take`; where it holds no messages, the client is told. */
export function readSend(
  request: SockJsRequest,
  { takesForms, maxBytes }: SendOptions,
  take: (send: SendRequest) => void,
): void {
  const { req, framework } = request;
  const type = req.headers['content-type'] ?? '';
  const finish = (body: Buffer): void => {
    const isForm = takesForms && type.toLowerCase().startsWith(FORM);
    const messages = isForm ? readSentForm(body) : readSentMessages(body);
    if (messages.ok) take(new SendRequest(request, messages.value, body.length, takesForms));
    else request.refuse(500, messages.message);
  };
  if (!hasBody(req)) {
    finish(Buffer.alloc(0));
  } else if (req.readableDidRead) {
    const parsed = parsedBody(rewriteBody(framework ?? {}, type));
    if (parsed.ok) finish(parsed.value);
    else request.refuse(500, parsed.message);
  } else {
    collect(request, maxBytes, finish);
  }
}

function parsedBody(body: Buffer | undefined): Result<Buffer> {
  return body === undefined
    ? fail('The body has been read already: mount the proxy before what reads it.')
    : ok(body);
}

function collect(request: SockJsRequest, maxBytes: number, finish: (body: Buffer) => void): void {
  const { req, services } = request;
  const body = new ChunkList();
  const add = (chunk: Buffer): void => {
    if (body.bytes + chunk.length <= maxBytes) {
      body.add(chunk);
      services.input.update(kept, body.bytes);
      return;
    }
    giveUp(413, 'Request too large.');
  };
  const giveUp = (status: number, message: string): void => {
    body.clear();
    // What still comes of it goes nowhere: to cut the connection now could keep the answer from the client.
    req.off('data', add).off('end', end).resume();
    arrival.stop();
    services.input.remove(kept);
    request.refuse(status, message);
  };
  const end = (): void => {
    services.input.remove(kept);
    finish(body.concat());
  };
  const kept: KeptInput = {
    shedInput: () => {
      request.client.res.setHeader('Connection', 'close');
      giveUp(503, 'Too many bytes wait.');
    },
  };
  const arrival = new BodyArrival(req, services, {
    wantsBody: true,
    onBodyStalled: () => {
      request.client.res.setHeader('Connection', 'close');
      giveUp(408, TOO_SLOW);
    },
  });
  req
    .on('data', add)
    .on('end', end)
    .once('close', () => {
      arrival.stop();
      services.input.remove(kept);
    });
}
