import type { Frame } from './frame.js';

let lastFrames: readonly Frame[] = [];
let lastJoined: Frame = Buffer.alloc(0);

/**
 * Frames in one piece. Clients of one channel get the same ones in a turn of the event loop, one client after the other: that
 * is done once for all of them. What is given, and what comes back, must not be changed.
 */
export function joinFrames(frames: readonly Frame[]): Frame {
  const [first] = frames;
  if (frames.length === 1 && first !== undefined) return first;
  if (!isSame(frames, lastFrames)) {
    lastJoined = Buffer.concat(frames);
    lastFrames = frames;
  }
  return lastJoined;
}

function isSame(a: readonly Frame[], b: readonly Frame[]): boolean {
  if (a.length !== b.length) return false;
  // Those that differ do so in the newest more often than in the first.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
