/**
 * Why a held client is to be brought up to date:
 *
 * - `gap`: it lacks items, as their ids tell.
 * - `slow`: items that waited for it have been dropped.
 * - `hint`: a publisher has said that there is something new.
 * - `quiet`: nothing came for as long as the origin had set for its next link.
 * - `command`: everybody is, by the command `recover`, or since a channel has its first subscriber.
 */
export type RecoveryCause = 'gap' | 'slow' | 'hint' | 'quiet' | 'command';

/**
 * How that ended:
 *
 * - `recent`: what was missing was still known here.
 * - `link`: the next link has brought it.
 * - `retry`: the client's request is asked once more; what comes of it is a response, or a hold of its own.
 * - `ended`: the connection ended before.
 */
export type RecoveryEnd = 'recent' | 'link' | 'retry' | 'ended';
