import { parseAction, parseContent, parseContentFilters } from './format-fields.js';
import type { HttpResponseFormat, HttpStreamFormat } from './formats.js';
import { filterHeaders } from './header-list.js';
import { isFieldValue, isGripHeader } from './header-rules.js';
import { type JsonObject, member, optionalString, wrongType } from './json.js';
import { parseJsonHeaders } from './json-headers.js';
import { fail, ok, type Result } from './result.js';
import { parseStatusCode, reasonPhrase } from './status.js';
import { encodeHeaderText } from './text.js';

const HTTP_RESPONSE = "'http-response'";
const HTTP_STREAM = "'http-stream'";

/** Reads the format `http-response` of an item. Source: GRIP, Pushpin 1.36. */
export function parseHttpResponse(value: unknown): Result<HttpResponseFormat> {
  const format = parseAction(value, HTTP_RESPONSE);
  if (!format.ok) return format;
  const { object, action } = format.value;
  if (action !== 'send') return ok({ action });

  const codeValue = member(object, 'code');
  const code = codeValue === undefined ? ok(200) : parseStatusCode(codeValue, HTTP_RESPONSE);
  if (!code.ok) return code;
  const reason = optionalString(object, HTTP_RESPONSE, 'reason');
  if (!reason.ok) return reason;
  const reasonText = encodeHeaderText(reason.value ?? '');
  if (!isFieldValue(reasonText)) return fail(`${HTTP_RESPONSE} contains 'reason' with invalid value`);
  const headers = parseJsonHeaders(member(object, 'headers'), HTTP_RESPONSE);
  if (!headers.ok) return headers;
  const contentFilters = parseContentFilters(object, HTTP_RESPONSE);
  if (!contentFilters.ok) return contentFilters;
  const body = parseBody(object);
  if (!body.ok) return body;
  return ok({
    action,
    code: code.value,
    reason: reasonText === '' ? reasonPhrase(code.value) : reasonText,
    headers: filterHeaders(headers.value, (name) => !isGripHeader(name)),
    ...body.value,
    contentFilters: contentFilters.value,
  });
}

/** Reads the format `http-stream` of an item. Source: GRIP, Pushpin 1.36. */
export function parseHttpStream(value: unknown): Result<HttpStreamFormat> {
  const format = parseAction(value, HTTP_STREAM);
  if (!format.ok) return format;
  const { object, action } = format.value;
  if (action !== 'send') return ok({ action });

  const contentFilters = parseContentFilters(object, HTTP_STREAM);
  if (!contentFilters.ok) return contentFilters;
  const content = parseContent(object, HTTP_STREAM, 'content');
  if (!content.ok) return content;
  if (content.value === undefined) return fail(`${HTTP_STREAM} does not contain 'content' or 'content-bin'`);
  return ok({ action, content: content.value, contentFilters: contentFilters.value });
}

function parseBody(
  object: JsonObject,
): Result<{ body: Uint8Array | undefined; bodyPatch: readonly unknown[] | undefined }> {
  const body = parseContent(object, HTTP_RESPONSE, 'body');
  if (!body.ok) return body;
  if (body.value !== undefined) return ok({ body: body.value, bodyPatch: undefined });
  const bodyPatch = member(object, 'body-patch');
  if (bodyPatch === undefined) {
    return fail(`${HTTP_RESPONSE} does not contain 'body', 'body-bin', or 'body-patch'`);
  }
  return Array.isArray(bodyPatch)
    ? ok({ body: undefined, bodyPatch })
    : wrongType(HTTP_RESPONSE, 'body-patch');
}
