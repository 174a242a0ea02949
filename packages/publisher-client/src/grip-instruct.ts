import { type Channel, type ChannelInput, parseChannels } from './channel.js';
import { createGripChannelHeader } from './channel-header.js';
import { seconds } from './header-parts.js';
import { createKeepAliveHeader, createMetaHeader, createNextLinkHeader } from './instruct-headers.js';

/**
 * What a response tells the proxy to do with the client's connection, as header fields.
 *
 * @example
 * ```ts
 * const instruct = new GripInstruct('news');
 * instruct.setHoldStream();
 * instruct.setKeepAlive(':\n\n', 20);
 * return new Response('[open]\n', { headers: instruct.toHeaders({ 'Content-Type': 'text/plain' }) });
 * ```
 */
export class GripInstruct {
  /** The status that the client is to see, where the response itself has another. */
  status?: number;
  hold?: string;
  channels: Channel[] = [];
  /** Seconds until a response hold is answered; 0 leaves it to the proxy. */
  timeout = 0;
  keepAlive?: Uint8Array | string;
  /** Seconds between keep-alives. */
  keepAliveTimeout = 0;
  keepAliveMode?: 'idle' | 'interval';
  /** URI reference of what follows. */
  nextLink?: string;
  /** Seconds without items after which the next link is asked; 0 leaves it to the proxy. */
  nextLinkTimeout = 0;
  /** What filters look at; set its members. */
  meta?: Record<string, string>;

  constructor(channels?: ChannelInput) {
    if (channels != null) this.addChannel(channels);
  }

  addChannel(channels: ChannelInput): void {
    this.channels.push(...parseChannels(channels));
  }

  setStatus(status: number): void {
    this.status = status;
  }

  /** Holds the client until the next item. @param timeout seconds until the response itself is the answer */
  setHoldLongPoll(timeout?: number): void {
    this.hold = 'response';
    if (timeout != null) this.timeout = Math.floor(timeout);
  }

  /** Holds the client for many items, which follow the response. */
  setHoldStream(): void {
    this.hold = 'stream';
  }

  /**
   * Has something written to an idle stream.
   * @param timeout seconds between two of them
   * @param mode `idle`: counted from the last item; `interval`: whatever is sent. Default: `idle`
   */
  setKeepAlive(data: string | Uint8Array, timeout: number, mode?: 'idle' | 'interval'): void {
    this.keepAlive = data;
    this.keepAliveTimeout = timeout;
    if (mode !== undefined) this.keepAliveMode = mode;
  }

  /** Where the content that follows is found. @param timeout seconds without items after which it is asked */
  setNextLink(uri: string, timeout = 0): void {
    this.nextLink = uri;
    this.nextLinkTimeout = timeout;
  }

  /**
   * The fields of the response.
   * @throws TypeError for what a header cannot carry.
   */
  toHeaders(additionalHeaders?: Record<string, string>): Record<string, string> {
    const headers: Record<string, string> = { 'Grip-Channel': createGripChannelHeader(this.channels) };
    if (this.status != null) headers['Grip-Status'] = String(this.status);
    if (this.hold != null) {
      headers['Grip-Hold'] = this.hold;
      if (this.timeout > 0) headers['Grip-Timeout'] = String(seconds('hold timeout', this.timeout));
      if (this.keepAlive != null) {
        headers['Grip-Keep-Alive'] = createKeepAliveHeader(
          this.keepAlive,
          this.keepAliveTimeout,
          this.keepAliveMode,
        );
      }
      if (this.meta != null && Object.keys(this.meta).length > 0) {
        headers['Grip-Set-Meta'] = createMetaHeader(this.meta);
      }
    }
    if (this.nextLink != null)
      headers['Grip-Link'] = createNextLinkHeader(this.nextLink, this.nextLinkTimeout);
    return { ...headers, ...additionalHeaders };
  }
}
