import assert from 'node:assert/strict';
import { createLog } from '../src/log.js';

describe('the log', () => {
  let text = '';
  const log = createLog('info', {
    write: (line) => {
      text += line;
    },
  });
  beforeEach(() => {
    text = '';
  });

  it('has one JSON object a line, with the level in words', () => {
    log.warn({ channel: 'a\r\nb' }, 'slow');
    assert.equal(text.split('\n').length, 2);
    const { time, ...line } = JSON.parse(text);
    assert.match(time, /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(line, { level: 'warn', channel: 'a\r\nb', msg: 'slow' });
  });

  it('says no more than its level', () => {
    log.debug({}, 'detail');
    assert.equal(text, '');
  });

  it('keeps secrets to itself', () => {
    const secrets = { authorization: 'SECRET', 'grip-sig': 'SECRET', cookie: 'SECRET' };
    log.info({ key: 'SECRET', sigKey: 'SECRET', headers: secrets, options: { upstreamKey: 'SECRET' } }, 'x');
    log.info(secrets, 'y');
    assert.doesNotMatch(text, /SECRET/);
    assert.match(text, /\[redacted\]/);
  });
});
