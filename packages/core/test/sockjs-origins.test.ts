import assert from 'node:assert/strict';
import { field } from '../../../test/support/http-reply.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const LISTED = 'https://page.example';

/** What a browser says of the page that has a script or a frame from here. */
const PAGES: readonly (readonly [page: string, fields: readonly string[], isAllowed: boolean])[] = [
  ['a listed page', [`Referer: ${LISTED}/some/where?x`, 'Sec-Fetch-Site: cross-site'], true],
  ['a listed page of an old browser', [`Referer: ${LISTED}/`], true],
  ['a listed page that says so itself', [`Origin: ${LISTED}`], true],
  ['a page from here', ['Sec-Fetch-Site: same-origin'], true],
  ['another page', ['Referer: https://evil.example/', 'Sec-Fetch-Site: cross-site'], false],
  ['another page of an old browser', ['Referer: https://evil.example/'], false],
  ['a page with a name like the listed one', [`Referer: ${LISTED}.evil.example/`], false],
  ['a page with the listed one in its path', [`Referer: https://evil.example/${LISTED}`], false],
  ['a page that hides', ['Sec-Fetch-Site: cross-site'], false],
  ['a page that hides in an old browser', [], false],
  ['a page of a neighbour', ['Sec-Fetch-Site: same-site'], false],
  ['a page whose address is none', ['Referer: nowhere'], false],
  [
    'another page that has the listed one as referrer',
    [`Referer: ${LISTED}/`, 'Origin: https://evil.example'],
    false,
  ],
  ['a page without an origin', ['Origin: null'], false],
];

describe('SockJS for the pages of some origins only', () => {
  const stage = useSockJsStage({ origins: [LISTED, 'http://localhost:3000'] });

  for (const transport of ['jsonp', 'htmlfile']) {
    for (const [page, fields, isAllowed] of PAGES) {
      it(`${isAllowed ? 'runs' : 'does not run'} the ${transport} of ${page}`, async () => {
        const client = await stage().start(`GET /echo/0/s/${transport}?c=f`, fields);
        const { status } = await client.head();
        assert.equal(status, isAllowed ? 200 : 403);
        assert.equal(stage().origins.length, isAllowed ? 1 : 0);
      });
    }
  }

  it('does not bring messages of a session to another page either', async () => {
    await stage().post('/echo/0/s/xhr');
    (await stage().origin()).send('secret');
    const reply = await stage().ask('GET /echo/0/s/jsonp?c=f', ['Referer: https://evil.example/']);
    assert.equal(`${reply.status} ${reply.body}`, '403 This page may not open a WebSocket here.\n');
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["secret"]\n');
  });

  it('has no other page embed its iframe page, not even from a cache', async () => {
    const page = await stage().ask('GET /echo/iframe.html');
    const tag = field(page, 'etag');
    const known = await stage().ask('GET /echo/iframe.html', [`If-None-Match: ${tag}`]);
    assert.equal(known.status, 304);
    for (const reply of [page, known]) {
      const policy = `frame-ancestors 'self' ${LISTED} http://localhost:3000`;
      assert.equal(field(reply, 'content-security-policy'), policy);
      assert.equal(field(reply, 'cache-control'), 'no-cache');
      assert.equal(field(reply, 'expires'), undefined);
    }
  });
});
