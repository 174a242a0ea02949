import type { Field } from '../field.js';
import type { Group, Scenario } from '../scenario.js';
import { control, controlBytes } from '../steps.js';

const EMPTY = '{"items":[]}';

/** A request to the control API that needs no client. */
function asked(
  name: string,
  method: string,
  target: string,
  headers: readonly Field[] = [],
  body?: string,
): Scenario {
  return { name, origin: [], steps: [control(method, target, headers, body)] };
}

function accepting(value: string): Scenario {
  return asked(`Accept: ${value}`, 'POST', '/publish', [['Accept', value]], EMPTY);
}

/** An answer in JSON, in which P-8 says what became of the items. */
function acceptingJson(value: string): Scenario {
  const receipt = { message: 'Published', matched: 0, delivered: 0, queued: 0, filtered: 0, dropped: 0 };
  const body = `${JSON.stringify(receipt)}\n`;
  const reply = { status: '200 OK', headers: ['content-type: application/json'], body, end: 'complete' };
  return { ...accepting(value), expect: { difference: 'D-receipts', control: [reply] } };
}

/** How the control API speaks HTTP. */
export const controlApi: Group = {
  name: 'control-api',
  scenarios: [
    asked('the root says what this is', 'GET', '/'),
    asked('a publish without a slash at the end', 'POST', '/publish', [], EMPTY),
    asked('a publish with a slash at the end', 'POST', '/publish/', [], EMPTY),
    asked(
      'the type of the body does not matter',
      'POST',
      '/publish/',
      [['Content-Type', 'text/plain']],
      EMPTY,
    ),
    asked('another path is not found', 'GET', '/unknown'),
    asked('a query is not part of any path', 'POST', '/publish?x=1', [], EMPTY),
    asked('a publish is a POST', 'GET', '/publish/'),
    asked('a recover is a POST', 'GET', '/recover'),
    asked('a recover', 'POST', '/recover', [], ''),
    acceptingJson('application/json'),
    acceptingJson('application/*'),
    accepting('text/plain'),
    accepting('*/*'),
    accepting('application/json, */*'),
    acceptingJson('text/plain, application/json'),
    accepting('text/html'),
    asked(
      'an error is text even for those who want JSON',
      'POST',
      '/publish/',
      [['Accept', 'application/json']],
      '{',
    ),
    {
      name: 'a POST needs a length',
      origin: [],
      steps: [controlBytes('POST /publish/ HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST')],
    },
    {
      name: 'a chunked POST is refused',
      origin: [],
      steps: [
        controlBytes(
          'POST /publish/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
          'POST',
        ),
      ],
    },
    {
      name: 'a body over a million bytes is refused',
      origin: [],
      steps: [
        controlBytes('POST /publish/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000001\r\n\r\n', 'POST'),
      ],
      expect: {
        difference: 'D-body-too-large',
        control: [
          {
            status: '413 Payload Too Large',
            headers: ['content-type: text/plain'],
            body: 'Request body too large.\n',
            end: 'complete',
          },
        ],
      },
    },
  ],
};
