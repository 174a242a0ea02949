/** What a proxy tells those who listen to it. */
export interface GripProxyEvents {
  /** A channel, by the name that publishers use, has its first subscriber. */
  subscribe: (channel: string) => void;
  /** A channel has lost its last subscriber. */
  unsubscribe: (channel: string) => void;
}
