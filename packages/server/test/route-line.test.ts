import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteOptions } from '@p-8/core';
import { parseRouteLine, type RouteLine } from 'p-8';

function parse(line: string, directory?: string): RouteLine {
  const result = parseRouteLine(line, directory);
  assert.ok(result.ok, result.ok ? '' : `${line}: ${result.message}`);
  assert.ok(result.value);
  return result.value;
}

function route(line: string): RouteOptions {
  const { route: parsed, warnings } = parse(line);
  assert.deepEqual(warnings, []);
  return parsed;
}

function message(line: string): string {
  const result = parseRouteLine(line);
  assert.ok(!result.ok, `${line} was accepted`);
  return result.message;
}

const target = [{ url: 'http://t:1' }];

describe('the condition of a route line', () => {
  const conditions: [string, Omit<RouteOptions, 'target'>][] = [
    ['*', { host: '*' }],
    ['example.com', { host: 'example.com' }],
    ['Example.COM', { host: 'example.com' }],
    [',id=x', { host: '', id: 'x' }],
    ['*,proto=ws', { host: '*', protocol: 'ws' }],
    ['*,proto=http,ssl=yes', { host: '*', protocol: 'http', ssl: true }],
    ['*,ssl=no', { host: '*', ssl: false }],
    ['*,path_beg=/api', { host: '*', pathPrefix: '/api' }],
    ['*,sig_iss=me,sig_key=secret', { host: '*', sigIss: 'me', sigKey: 'secret' }],
    ['*,sig_key=', { host: '*', sigKey: '' }],
    ['*,sig_key=base64:AWGA/g==', { host: '*', sigKey: 'base64:AWGA/g==' }],
    ['*,prefix=app-', { host: '*', prefix: 'app-' }],
    ['*,debug', { host: '*', debug: true }],
    ['*,no_grip', { host: '*', grip: false }],
    ['*,json_instructs=no', { host: '*', jsonInstructs: false }],
    ['*,json_instructs=yes', { host: '*', jsonInstructs: true }],
    ['*,as_host=api.example:8080', { host: '*', asHost: 'api.example:8080' }],
    ['*,aco', { host: '*', autoCrossOrigin: true }],
    ['*,header="X-A: 1"', { host: '*', headers: [['X-A', '1']] }],
    ['*,header=X-A:', { host: '*', headers: [['X-A', '']] }],
    ['*,sockjs=/s', { host: '*', sockjs: '/s' }],
    [
      '*,path_beg=/s,sockjs=/s,sockjs_as_path=/chat',
      { host: '*', pathPrefix: '/s', sockjs: '/s', sockjsAsPath: '/chat' },
    ],
    ['*,sockjs=,sockjs_as_path=', { host: '*' }],
    // Pushpin reads repeated properties from last to first.
    [
      '*,header=a:1,header=b:2',
      {
        host: '*',
        headers: [
          ['b', '2'],
          ['a', '1'],
        ],
      },
    ],
    ['*,id=one,id=two', { host: '*', id: 'two' }],
    [
      '*,aco,jsonp_mode=basic,jsonp_cb=cb,jsonp_body=bparam,jsonp_defcb=jpcb,jsonp_defmethod=PUT',
      {
        host: '*',
        autoCrossOrigin: true,
        jsonp: {
          mode: 'basic',
          callbackParam: 'cb',
          bodyParam: 'bparam',
          defaultCallback: 'jpcb',
          defaultMethod: 'PUT',
        },
      },
    ],
  ];
  for (const [condition, expected] of conditions) {
    it(`maps ${condition}`, () => assert.deepEqual(route(`${condition} t:1`), { ...expected, target }));
  }

  const rewrites: [string, Pick<RouteOptions, 'pathRemove' | 'pathPrepend'>][] = [
    ['*,path_beg=/a/b,path_rem=2', { pathRemove: 2 }],
    ['*,path_beg=/a,replace_beg=/x', { pathRemove: 2, pathPrepend: '/x' }],
    ['*,path_beg=/a,path_rem=1,replace_beg=', { pathRemove: 2, pathPrepend: '' }],
    ['*,replace_beg=/x', { pathRemove: 0, pathPrepend: '/x' }],
  ];
  for (const [condition, expected] of rewrites) {
    it(`rewrites the path for ${condition}`, () => {
      const { pathRemove, pathPrepend } = route(`${condition} t:1`);
      assert.deepEqual({ pathRemove, pathPrepend }, { pathPrepend: undefined, ...expected });
    });
  }

  const errors: [string, string][] = [
    ['*,proto=ftp t:1', `proto must be set to 'http' or 'ws', not "ftp"`],
    ['*,ssl=maybe t:1', `ssl must be set to 'yes' or 'no', not "maybe"`],
    ['*,path_beg= t:1', 'path_beg cannot be empty'],
    ['*,jsonp_mode=x t:1', `jsonp_mode must be set to 'basic' or 'extended', not "x"`],
    ['*,header=nocolon t:1', `header must use format 'name:value', not "nocolon"`],
    ['*,header=:v t:1', `header must use format 'name:value', not ":v"`],
    ['*,path_rem=two t:1', 'path_rem must be a number of characters to drop, not "two"'],
    ['*,sockjs=s t:1', 'sockjs must be a path, not "s"'],
    ['*,sockjs=/s,sockjs_as_path=chat t:1', 'sockjs_as_path must be a path, not "chat"'],
    ['*,sockjs=/s?x t:1', 'sockjs must be a path, not "/s?x"'],
    ['*', 'must specify condition and at least one target'],
    ['* # t:1', 'must specify condition and at least one target'],
  ];
  for (const [line, expected] of errors) {
    it(`refuses ${line}`, () => assert.equal(message(line), expected));
  }

  it('reports keys that have no effect yet, and unknown ones', () => {
    assert.deepEqual(parse('*,session,colour=red t:1,ipc_file_mode=777').warnings, [
      'not supported yet: session is ignored',
      'unknown key: colour is ignored',
      'not supported yet: ipc_file_mode is ignored',
    ]);
  });

  it('warns of a condition that no request selects', () => {
    assert.match(parse(',path_beg=/x t:1').warnings[0] ?? '', /neither host nor id/);
  });

  it('is nothing on a blank or comment line', () => {
    assert.deepEqual(parseRouteLine('  # nothing'), { ok: true, value: undefined });
  });
});

describe('a target of a route line', () => {
  const targets: [string, object][] = [
    ['localhost:3000', { url: 'http://localhost:3000' }],
    ['localhost:443,ssl', { url: 'https://localhost:443' }],
    ['[::1]:8000', { url: 'http://[::1]:8000' }],
    ['t:1,over_http', { url: 'http://t:1', overHttp: true }],
    ['t:1,over_http,one_event', { url: 'http://t:1', overHttp: true, oneEvent: true }],
    ['t:1,host=api.example:81', { url: 'http://t:1', host: 'api.example:81' }],
    ['t:1,ssl,insecure,trust_connect_host', { url: 'https://t:1', insecure: true, trustConnectHost: true }],
    ['t:1,untrusted', { url: 'http://t:1', untrusted: true }],
    ['t:1,sub=a,sub=,sub=b', { url: 'http://t:1', subscribe: ['b', 'a'] }],
  ];
  for (const [text, expected] of targets) {
    it(`maps ${text}`, () => assert.deepEqual(route(`* ${text}`).target, [expected]));
  }

  it('may be followed by others', () => {
    assert.deepEqual(route('* a:1 b:2,ssl').target, [{ url: 'http://a:1' }, { url: 'https://b:2' }]);
  });

  it('is a listener in this process for `test`', () => {
    const [test] = route('* test,sub=x').target as [{ listener: unknown; subscribe: unknown }];
    assert.equal(typeof test.listener, 'function');
    assert.deepEqual(test.subscribe, ['x']);
  });

  const errors: [string, RegExp][] = [
    ['localhost', /^target bad format: localhost /],
    [':80', /^target bad format: :80 /],
    ['[::1]', /^target bad format/],
    ['[::1:80', /^target bad format/],
    ['a/b:80', /^target bad format/],
    ['t:', /^target invalid port: t: /],
    ['t:0', /^target invalid port/],
    ['t:65536', /^target invalid port/],
    ['http://t:80', /^target invalid port: http:/],
    ['zhttp/tcp://127.0.0.1:5550', /^zhttp targets are not supported: zhttp\/tcp/],
    ['zhttpreq/ipc:///x', /^zhttp targets are not supported/],
    ['t:1,client_cert=/nowhere.crt', /^client_cert: cannot read \/nowhere.crt: there is no such file$/],
  ];
  for (const [text, expected] of errors) {
    it(`refuses ${text}`, () => assert.match(message(`* ${text}`), expected));
  }
});

describe('files that a route line names', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'p-8-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  const sigKey = (content: string): unknown => {
    writeFileSync(join(directory, 'sig.key'), content);
    return parse('*,sig_key=file:sig.key t:1', directory).route.sigKey;
  };

  it('can hold a key in hexadecimal digits', () => {
    assert.deepEqual(sigKey('016180fe\n'), Buffer.from([0x01, 0x61, 0x80, 0xfe]));
  });

  it('can hold a key in PEM', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIG=\n-----END PRIVATE KEY-----';
    assert.equal(sigKey(`${pem}\n`), pem);
  });

  it('must hold one of the two', () => {
    writeFileSync(join(directory, 'sig.key'), 'not hex');
    const result = parseRouteLine('*,sig_key=file:sig.key t:1', directory);
    assert.match(result.ok ? '' : result.message, /^sig_key: the key file .* holds neither a PEM key/);
  });

  it('must be there', () => {
    const result = parseRouteLine('*,sig_key=file:other.key t:1', directory);
    assert.match(
      result.ok ? '' : result.message,
      /^sig_key: cannot read the key file .*other\.key: there is no such file$/,
    );
  });

  it('can hold a client certificate', () => {
    const path = join(directory, 'client.pem');
    writeFileSync(path, 'PEM');
    const { target: targets } = route(`* t:1,ssl,client_cert="${path}",client_key="${path}"`);
    assert.deepEqual(targets, [{ url: 'https://t:1', clientCert: 'PEM', clientKey: 'PEM' }]);
  });
});
