import type { SessionServices } from '../sessions/held-request.js';

/** What SockJS needs of the rest of the proxy. */
export type SockJsServices = Pick<
  SessionServices,
  'clock' | 'timers' | 'flusher' | 'stalls' | 'limits' | 'input' | 'lingering' | 'onError' | 'maxMessageBytes'
>;
