import type { Item } from '@p-8/protocol';
import type { HoldEnd, HoldInfo } from './hub/hold-info.js';
import type { Overflow } from './hub/overflow.js';
import type { Receipt } from './hub/receipt.js';
import type { RecoveryCause, RecoveryEnd } from './hub/recovery.js';
import type { LimitFields, LimitName } from './limits.js';

/** What a proxy tells those who listen to it, at once: in the midst of what it does. */
export interface GripProxyEvents {
  /** A channel, by the name that publishers use, has its first subscriber. */
  subscribe: (channel: string) => void;
  /** A channel has lost its last subscriber. */
  unsubscribe: (channel: string) => void;
  /** A connection is held from now on. */
  hold: (hold: HoldInfo) => void;
  /** A connection is not held any more: once for each `hold`. `hold.channels` are those that it had at last. */
  release: (hold: HoldInfo, why: HoldEnd) => void;
  /** A client was too slow; what was done about it. */
  overflow: (hold: HoldInfo, overflow: Overflow) => void;
  /** Something was refused or cut because a bound was reached. `fields` say what. */
  limit: (limit: LimitName, fields: LimitFields) => void;
  /** A client is to be brought up to date. */
  recover: (hold: HoldInfo, cause: RecoveryCause) => void;
  /** It has been, or will not be: once for each `recover`, and before its `release`. */
  recovered: (hold: HoldInfo, end: RecoveryEnd) => void;
  /** An item has been published, by whatever way it came; also a duplicate, or one without subscribers. */
  publish: (item: Item, receipt: Receipt) => void;
}
