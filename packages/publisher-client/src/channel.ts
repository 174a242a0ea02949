/** A channel as an instruct names it. */
export interface IExportedChannel {
  name: string;
  prevId?: string;
  filters?: string[];
}

/** A channel that an instruct subscribes a client to. */
export class Channel {
  name: string;
  prevId: string | null;
  filters?: string[];

  /**
   * @param prevId the id of the last item that the response already covers
   * @param filters the names of at most five filters that items pass, such as `skip-self`
   */
  constructor(name: string, prevId: string | null = null, filters: readonly string[] = []) {
    this.name = name;
    this.prevId = prevId;
    if (filters.length > 0) this.filters = [...filters];
  }

  export(): IExportedChannel {
    const { name, prevId, filters } = this;
    return { name, ...(prevId != null && { prevId }), ...(filters && { filters }) };
  }
}

/** Names of channels, or channels: one or several. */
export type ChannelInput = Channel | string | readonly (Channel | string)[];

/** Channels, of names too. */
export function parseChannels(channels: ChannelInput): Channel[] {
  const list: readonly (Channel | string)[] =
    typeof channels === 'object' && 'length' in channels ? channels : [channels];
  return list.map((channel) => (typeof channel === 'string' ? new Channel(channel) : channel));
}
