import assert from 'node:assert/strict';
import vm from 'node:vm';
import { field } from '../../../test/support/http-reply.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const FORM = ['Content-Type: application/x-www-form-urlencoded'];

describe('SockJS by JSON-P polling', () => {
  const stage = useSockJsStage();

  it('opens a session, takes a form, and calls the page back with messages', async () => {
    const open = await stage().ask('GET /echo/0/s/jsonp?c=%63allback');
    assert.equal(open.status, 200);
    assert.equal(open.body.toString(), '/**/callback("o");\r\n');
    assert.equal(field(open, 'content-type'), 'application/javascript; charset=UTF-8');
    assert.equal(field(open, 'x-content-type-options'), 'nosniff');
    assert.match(field(open, 'cache-control') ?? '', /^no-store/);
    const send = await stage().ask('POST /echo/0/s/jsonp_send', FORM, 'd=%5B%22x%22%5D');
    assert.equal(`${send.status} ${send.body}`, '200 ok');
    assert.equal(field(send, 'content-type'), 'text/plain; charset=UTF-8');
    assert.match(field(send, 'cache-control') ?? '', /^no-store/);
    assert.equal(await stage().get('/echo/0/s/jsonp?c=callback'), '200 /**/callback("a[\\"x\\"]");\r\n');
  });

  it('takes the callback by its long name too', async () => {
    assert.equal(await stage().get('/echo/0/s/jsonp?callback=_jp.a$1&t=1'), '200 /**/_jp.a$1("o");\r\n');
  });

  it('decodes a form as browsers encode it', async () => {
    await stage().get('/echo/0/s/jsonp?c=x');
    const form = new URLSearchParams({ i: 'a1', d: JSON.stringify(['a b+c&d=e', 'é%20\u{1f600}']) });
    assert.equal(await stage().post('/echo/0/s/jsonp_send?i=a1', form.toString(), FORM), '200 ok');
    assert.deepEqual((await stage().origin()).heard, ['text a b+c&d=e', 'text é%20\u{1f600}']);
  });

  it('takes a body that is no form as it is', async () => {
    await stage().get('/echo/0/s/jsonp?c=x');
    await stage().post('/echo/0/s/jsonp_send', 'd=%5B%22abc%22%5D', FORM);
    assert.equal(
      await stage().post('/echo/0/s/jsonp_send', '["%61bc"]', ['Content-Type: text/plain']),
      '200 ok',
    );
    assert.equal(await stage().get('/echo/0/s/jsonp?c=x'), '200 /**/x("a[\\"abc\\",\\"%61bc\\"]");\r\n');
  });

  it('refuses what holds no messages, and the session goes on', async () => {
    await stage().get('/echo/0/s/jsonp?c=x');
    assert.equal(
      await stage().post('/echo/0/s/jsonp_send', 'd=%5B%22x', FORM),
      '500 Broken JSON encoding.\n',
    );
    for (const body of ['', 'd=', 'p=p', 'd=%22x%22', 'd=%5B1%5D']) {
      assert.equal(await stage().post('/echo/0/s/jsonp_send', body, FORM), '500 Payload expected.\n', body);
    }
    assert.equal(await stage().post('/echo/0/s/jsonp_send', 'd=%5B%5D', FORM), '200 ok');
    assert.equal(await stage().post('/echo/0/s/jsonp_send', 'd=%5B%22b%22%5D', FORM), '200 ok');
    assert.equal(await stage().get('/echo/0/s/jsonp?c=x'), '200 /**/x("a[\\"b\\"]");\r\n');
  });

  it('refuses what is sent to a session that is not there', async () => {
    assert.equal(await stage().post('/echo/0/s/jsonp_send', 'd=%5B%5D', FORM), '404 Session not found\n');
  });

  it('calls the page back when the origin closes, for 5 seconds', async () => {
    await stage().get('/echo/0/s/jsonp?c=x');
    (await stage().origin()).close(3000, 'Go away!');
    const close = '200 /**/x("c[3000,\\"Go away!\\"]");\r\n';
    assert.equal(await stage().get('/echo/0/s/jsonp?c=x'), close);
    assert.equal(await stage().get('/echo/0/s/jsonp?c=x'), close);
  });

  it('sends scripts that browsers of any age can read', async () => {
    await stage().get('/echo/0/s/jsonp?c=f');
    const message = 'quotes " and \\ and \u2028 and \u2029 and </script>';
    (await stage().origin()).send(message);
    const script = (await stage().get('/echo/0/s/jsonp?c=f')).slice(4);
    assert.doesNotMatch(script, /[\u2028\u2029]/);
    const got: string[] = [];
    vm.runInNewContext(script, { f: (frame: string) => got.push(frame) });
    assert.equal(got.length, 1);
    assert.deepEqual(JSON.parse(got[0]?.slice(1) ?? ''), [message]);
  });
});

describe('the callback of SockJS by JSON-P or htmlfile', () => {
  const stage = useSockJsStage();

  for (const transport of ['jsonp', 'htmlfile']) {
    it(`must be there: ${transport}`, async () => {
      assert.equal(await stage().get(`/echo/a/a/${transport}`), '500 "callback" parameter required\n');
      assert.equal(stage().origins.length, 0);
    });

    const wrong = [
      '%20',
      '*',
      'abc(',
      'abc%28',
      '',
      'a-b',
      '%3Cscript%3E',
      'a%0Ab',
      'é',
      'a%00',
      'x'.repeat(201),
    ];
    for (const callback of wrong) {
      it(`must be a path of names: ${transport}?c=${callback.slice(0, 20)}`, async () => {
        const path = `/echo/a/a/${transport}?c=${encodeURI(decodeURIComponent(callback))}`;
        assert.equal(await stage().get(path), '500 invalid "callback" parameter\n');
        assert.equal(stage().origins.length, 0);
      });
    }
  }

  it('cannot make a message end the script that carries it', async () => {
    const client = await stage().start('GET /echo/0/s/htmlfile?c=f');
    await client.bodyWith('p("o")');
    (await stage().origin()).send('</script><script>alert(1)</script><!--');
    const reply = await client.bodyWith('alert');
    const elements = reply.body
      .toString()
      .split('\r\n')
      .filter((line) => line.includes('alert'));
    assert.deepEqual(elements, [
      '<script>\np("a[\\"\\u003c/script>\\u003cscript>alert(1)\\u003c/script>\\u003c!--\\"]");\n</script>',
    ]);
  });
});
