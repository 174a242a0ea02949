import type { GripProxy } from '@p-8/core';

/** What a proxy tells of recoveries, as it comes: `recover stream: gap`, `recovered stream: link`. */
export function watchRecoveries(proxy: GripProxy): string[] {
  const told: string[] = [];
  proxy.on('recover', ({ mode }, cause) => told.push(`recover ${mode}: ${cause}`));
  proxy.on('recovered', ({ mode }, end) => told.push(`recovered ${mode}: ${end}`));
  return told;
}
