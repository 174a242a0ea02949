import type { NextFunction } from 'express';

/** What there is of a session of express-session. */
interface SavedSession {
  readonly id?: string;
  readonly cookie?: unknown;
  save?(callback: (error?: unknown) => void): void;
}

/** A request that may have a session. */
export interface SessionRequest {
  readonly session?: SavedSession | null | undefined;
}

/**
 * Express-session saves what the app has changed when the response ends. Mounted before the proxy, it would do so at the
 * end of a hold only: a retried request would not see the changes, and they would be lost when the client leaves. So
 * a changed session is saved when the app has answered. Undefined: there is no session.
 */
export function sessionSaver(
  req: SessionRequest,
  next: NextFunction,
): ((done: () => void) => void) | undefined {
  const before = contentOf(req.session);
  if (before === undefined) return undefined;
  return (done) => {
    const { session } = req;
    if (session?.save === undefined || contentOf(session) === before) {
      done();
      return;
    }
    session.save((error) => {
      done();
      if (error) next(error);
    });
  };
}

/** What the store keeps of a session; the cookie's part changes with each request. */
function contentOf(session: SavedSession | null | undefined): string | undefined {
  if (typeof session?.save !== 'function') return undefined;
  const { cookie: _, ...content } = session;
  return JSON.stringify([session.id, content]);
}
