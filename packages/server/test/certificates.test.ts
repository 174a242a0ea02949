import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { P8Server } from 'p-8';
import { Recorder } from './support/recorder.js';
import { Sandbox } from './support/sandbox.js';

const FIXTURES = fileURLToPath(new URL('./fixtures/certs/', import.meta.url));

/** The subjects of certificates that there are, and the files they are in. */
const PAIRS = { default: 'default_0', one: 'one.example', wild: '_.wild.example' } as const;
const SUBJECTS = { default: 'default', one: 'one.example', wild: '*.wild.example' } as const;
type Pair = keyof typeof PAIRS;

const read = (pair: Pair, extension: 'crt' | 'key'): Buffer =>
  readFileSync(`${FIXTURES}${PAIRS[pair]}.${extension}`);

describe('certificates of a TLS port', () => {
  const sandbox = new Sandbox();
  const log = new Recorder();
  let server: P8Server | undefined;
  beforeEach(() => log.clear());
  afterEach(() => server?.close());

  /** Puts a pair there under another name. */
  const put = (name: string, pair: Pair, extensions: readonly ('crt' | 'key')[] = ['crt', 'key']): void => {
    for (const extension of extensions) sandbox.write(`${name}.${extension}`, read(pair, extension));
  };
  const start = async (): Promise<void> => {
    server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0, tls: true }],
      control: false,
      routes: [],
      certificates: sandbox.path,
      proxy: { sigKey: 'secret' },
      logger: log,
    });
    await server.start();
    log.clear();
  };
  /** The subject of what a client gets that asks for a name, or for none; undefined: it is refused. */
  const subject = async (servername?: string): Promise<string | undefined> => {
    const socket = connectTls({
      port: Number(new URL(server?.urls[0] ?? '').port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(servername !== undefined && { servername }),
    });
    try {
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().subject.CN as string;
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  };

  it('are renewed for clients that ask for a name, and for those that ask for none', async () => {
    put('default_0', 'default');
    put('www.example', 'one');
    await start();
    assert.equal(await subject(), SUBJECTS.default);
    assert.equal(await subject('www.example'), SUBJECTS.one);
    put('default_0', 'one');
    put('www.example', 'wild');
    assert.equal(await subject(), SUBJECTS.one);
    assert.equal(await subject('other.example'), SUBJECTS.one);
    assert.equal(await subject('www.example'), SUBJECTS.wild);
    assert.deepEqual(log.lines, [
      'info: certificate default_0 renewed',
      'info: certificate www.example renewed',
    ]);
  });

  const rsa = (): string =>
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
  const cut = (pair: Pair, extension: 'crt' | 'key', length: number): Buffer =>
    read(pair, extension).subarray(0, length);
  const halfWay: [what: string, change: (name: string) => void][] = [
    ['whose certificate is replaced before its key', (name) => put(name, 'wild', ['crt'])],
    ['whose key is replaced, and nothing else', (name) => put(name, 'wild', ['key'])],
    ['whose key is of another type', (name) => void sandbox.write(`${name}.key`, rsa())],
    ['whose certificate is cut short', (name) => void sandbox.write(`${name}.crt`, cut('one', 'crt', 300))],
    [
      'whose certificate ends in its last line',
      (name) => void sandbox.write(`${name}.crt`, cut('one', 'crt', 490)),
    ],
    [
      'whose chain is cut short',
      (name) =>
        void sandbox.write(`${name}.crt`, Buffer.concat([read('one', 'crt'), cut('wild', 'crt', 300)])),
    ],
    ['whose key is cut short', (name) => void sandbox.write(`${name}.key`, cut('one', 'key', 100))],
    ['whose certificate is empty so far', (name) => void sandbox.write(`${name}.crt`, '')],
    ['whose key is empty so far', (name) => void sandbox.write(`${name}.key`, '')],
    ['whose certificate is no text', (name) => void sandbox.write(`${name}.crt`, Buffer.alloc(600, 0xff))],
    ['whose certificate is away', (name) => rmSync(join(sandbox.path, `${name}.crt`))],
    ['whose key is away', (name) => rmSync(join(sandbox.path, `${name}.key`))],
    [
      'which is away',
      (name) => {
        rmSync(join(sandbox.path, `${name}.crt`));
        rmSync(join(sandbox.path, `${name}.key`));
      },
    ],
    [
      'that cannot be read',
      (name) => {
        rmSync(join(sandbox.path, `${name}.crt`));
        mkdirSync(join(sandbox.path, `${name}.crt`));
      },
    ],
    [
      'whose certificate leads nowhere',
      (name) => {
        rmSync(join(sandbox.path, `${name}.crt`));
        symlinkSync('nowhere', join(sandbox.path, `${name}.crt`));
      },
    ],
  ];
  for (const [what, change] of halfWay) {
    it(`serve the last good pair in place of one ${what}, say so once, and go on with the next`, async () => {
      put('default_0', 'one');
      put('_.wild.example', 'one');
      await start();
      for (const name of ['default_0', '_.wild.example']) change(name);
      for (let i = 0; i < 3; i++) {
        assert.equal(await subject(), SUBJECTS.one);
        assert.equal(await subject('a.wild.example'), SUBJECTS.one);
      }
      const lines = log.lines.splice(0);
      assert.equal(lines.length, 2, lines.join('\n'));
      assert.match(
        lines[0] ?? '',
        /^error: cannot use the certificate default_0: .+; the one before goes on$/,
      );
      rmSync(join(sandbox.path, 'default_0.crt'), { recursive: true, force: true });
      put('default_0', 'wild');
      assert.equal(await subject(), SUBJECTS.wild);
      assert.equal(log.lines.at(-1), 'info: certificate default_0 renewed');
    });
  }

  it('are read again where the new files are as long and as old as the ones before', async () => {
    const padded = (pair: Pair): Buffer =>
      Buffer.concat([read(pair, 'crt'), Buffer.alloc(600, '\n')]).subarray(0, 800);
    const date = new Date('2026-01-01');
    const write = (name: string, pair: Pair): void => {
      utimesSync(sandbox.write(`${name}.crt`, padded(pair)), date, date);
      utimesSync(sandbox.write(`${name}.key`, read(pair, 'key')), date, date);
    };
    write('default_0', 'one');
    await start();
    write('new', 'wild');
    for (const extension of ['crt', 'key']) {
      renameSync(join(sandbox.path, `new.${extension}`), join(sandbox.path, `default_0.${extension}`));
    }
    assert.equal(await subject(), SUBJECTS.wild);
    write('default_0', 'one');
    assert.equal(await subject(), SUBJECTS.one);
  });

  it('are read again when the link to them is swapped', async () => {
    put('archive/1', 'one');
    put('archive/2', 'wild');
    const link = (to: string): void => {
      for (const extension of ['crt', 'key']) {
        const path = join(sandbox.path, `default_0.${extension}`);
        rmSync(path, { force: true });
        symlinkSync(`archive/${to}.${extension}`, path);
      }
    };
    link('1');
    await start();
    link('2');
    assert.equal(await subject(), SUBJECTS.wild);
  });

  it('that are cut short at the start are said to be, and used once they are whole', async () => {
    put('default_0', 'one', ['crt']);
    put('www.example', 'one', ['key']);
    sandbox.write('www.example.crt', cut('one', 'crt', 300));
    await start();
    assert.equal(await subject(), undefined);
    assert.equal(await subject('www.example'), undefined);
    put('default_0', 'one', ['key']);
    assert.equal(await subject(), SUBJECTS.one);
    assert.equal(await subject('www.example'), SUBJECTS.one);
    put('www.example', 'wild');
    assert.equal(await subject('www.example'), SUBJECTS.wild);
  });

  it('may come later than the port, and be none at all', async () => {
    rmSync(sandbox.path, { recursive: true });
    await start();
    assert.equal(await subject(), undefined);
    assert.equal(await subject('www.example'), undefined);
    mkdirSync(sandbox.path);
    put('default_0', 'one');
    assert.equal(await subject(), SUBJECTS.one);
    assert.equal(await subject('www.example'), SUBJECTS.one);
  });

  it('are not looked for, nor spoken of, under names that no file can have', async () => {
    put('default_0', 'one');
    await start();
    for (const name of [`${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(59), 'a/../default_0', 'x.example'])
      assert.equal(await subject(name), SUBJECTS.one);
    assert.deepEqual(log.lines, []);
  });
});
