import { exportContent } from './export-content.js';
import type { IFormat, IFormatExport, JsonValue } from './format.js';

/** What answers response holds. Members that are left out are as the instruct's response has them. */
export interface ResponseParams {
  /** Status code. @default 200 */
  code?: string | number | null;
  /** Reason phrase. @default the standard phrase of the code */
  reason?: string | null;
  /** Added to the headers of the instruct's response, in place of those of the same name. */
  headers?: Record<string, string> | null;
  body?: Uint8Array | string | null;
  /** JSON Patch operations (RFC 6902) for the body of the instruct's response, in place of `body`. */
  bodyPatch?: readonly unknown[] | null;
}

/** What answers response holds. */
export class HttpResponseFormat implements IFormat {
  code: string | number | null;
  reason: string | null;
  headers: Record<string, string> | null;
  body: Uint8Array | string | null;
  bodyPatch: readonly unknown[] | null;

  /** @param code the status code, or an object that has everything */
  constructor(
    code: string | number | ResponseParams | null = null,
    reason: string | null = null,
    headers: Record<string, string> | null = null,
    body: Uint8Array | string | null = null,
  ) {
    const params = typeof code === 'object' && code !== null ? code : { code, reason, headers, body };
    this.code = params.code ?? null;
    this.reason = params.reason ?? null;
    this.headers = params.headers ?? null;
    this.body = params.body ?? null;
    this.bodyPatch = (params as ResponseParams).bodyPatch ?? null;
  }

  name(): string {
    return 'http-response';
  }

  export(): IFormatExport {
    const { code, reason, headers, body, bodyPatch } = this;
    return {
      ...(code != null && { code }),
      ...(reason != null && { reason }),
      ...(headers != null && { headers }),
      ...(bodyPatch != null && { 'body-patch': bodyPatch as JsonValue[] }),
      ...exportContent('body', body),
    };
  }
}
