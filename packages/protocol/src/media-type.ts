import { trimAscii } from './text.js';

/** Whether a `Content-Type` names the media type, whatever its parameters and letter case. Source: RFC 9110 8.3.1. */
export function isMediaType(contentType: string | undefined, mediaType: string): boolean {
  if (contentType === undefined) return false;
  const semicolon = contentType.indexOf(';');
  const named = semicolon === -1 ? contentType : contentType.slice(0, semicolon);
  return trimAscii(named).toLowerCase() === mediaType;
}
