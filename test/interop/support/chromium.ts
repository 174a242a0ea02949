import { existsSync } from 'node:fs';
import type { Context } from 'mocha';
import { type Browser, chromium } from 'playwright-core';
import { skipWithout } from './skip.js';

const CHROMIUM = '/usr/bin/chromium';

/** A browser that asks nobody but the server of the test. */
const ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** Starts Debian's Chromium, or skips the suite of `context`. */
export function launchChromium(context: Context): Promise<Browser> {
  skipWithout(context, 'chromium', existsSync(CHROMIUM));
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS.split(' ') });
}
