import assert from 'node:assert/strict';
import { renderIdTemplate, renderTemplate, substituteVariables } from '@p-8/protocol';
import fc from 'fast-check';
import { bytes, expectFailure, expectOk, text } from './helpers.js';

const variables = new Map(
  Object.entries({ name: 'Alice', 'food\\fruit(type)': 'apples', empty: '', é: 'è', x: 'X' }),
);

function render(template: string) {
  return renderTemplate(template, (name) => variables.get(name));
}

const rendered: [string, string][] = [
  ['This template has no directives.', 'This template has no directives.'],
  [
    'My name is %(name)s and I eat %(food\\\\fruit(type\\))s 10%% of the time.',
    'My name is Alice and I eat apples 10% of the time.',
  ],
  ['', ''],
  ['%%%%', '%%'],
  ['[%(empty)s]', '[]'],
  ['é%(é)sé', 'éèé'],
  ['%(x)s%(x)s', 'XX'],
  ['%(\\x)s', 'X'],
];

const errors: [string, string][] = [
  ['50%', "Expected directive after '%' at position 2"],
  ['%(nope)s', "No such variable 'nope' at position 7"],
  ['%s', "Directive 's' requires argument at position 1"],
  ['%d', "Unknown directive 'd' at position 1"],
  ['%5', "Unknown directive '5' at position 1"],
  ['% ', "Unknown directive ' ' at position 1"],
  ['%(x', 'Unterminated field starting at position 1'],
  ['%(\\xy', 'Unterminated field starting at position 1'],
  ['%(', "Expected character after '(' at position 1"],
  ['%(x\\', "Expected character after '\\' at position 3"],
  ['%(x)', "Expected directive after ')' at position 3"],
  ['%(x)d', "Unknown directive 'd' at position 4"],
  ['%(x)%', "Unknown directive '%' at position 4"],
  ['%()s', "No such variable '' at position 3"],
  ['%(nope)s %d', "No such variable 'nope' at position 7"],
  ['ok %% %(x)s %', "Expected directive after '%' at position 12"],
];

describe('a template', () => {
  for (const [template, expected] of rendered) {
    it(`renders '${template}'`, () => assert.equal(expectOk(render(template)), expected));
  }

  for (const [template, message] of errors) {
    it(`refuses '${template}'`, () => assert.equal(expectFailure(render(template)), message));
  }

  it('counts positions in UTF-16 units', () => {
    assert.equal(expectFailure(render('é☃%d')), "Unknown directive 'd' at position 3");
  });

  it('leaves text alone whose percent signs are doubled', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        assert.equal(expectOk(render(value.replaceAll('%', '%%'))), value);
      }),
    );
  });

  it('finds any variable whose name is escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const escaped = name.replace(/[\\)]/g, (char) => `\\${char}`);
        assert.equal(expectOk(renderTemplate(`%(${escaped})s`, (found) => String(found === name))), 'true');
      }),
    );
  });

  it('takes time in proportion to the length', () => {
    for (const piece of ['%', '%(', '(', '%(\\', '%%', '%(x)s']) {
      const start = process.cpuUsage();
      render(piece.repeat(300_000));
      assert.ok(process.cpuUsage(start).user < 2_000_000, piece);
    }
  });
});

describe('the template of an id', () => {
  it('has the last ids of channels', () => {
    const prevIdOf = (channel: string) => (channel === 'news' ? '7' : undefined);
    assert.equal(expectOk(renderIdTemplate('news:%(news)s%%', prevIdOf)), 'news:7%');
    assert.equal(
      expectFailure(renderIdTemplate('%(sport)s', prevIdOf)),
      "No such variable 'sport' at position 8",
    );
  });
});

describe('the filter var-subst', () => {
  it('replaces variables in content', () => {
    const meta = new Map([['user', 'alice']]);
    assert.equal(text(expectOk(substituteVariables(bytes('hello %(user)s'), meta))), 'hello alice');
  });

  for (const [content, expected] of rendered) {
    it(`renders '${content}'`, () => {
      assert.equal(text(expectOk(substituteVariables(bytes(content), variables))), expected);
    });
  }

  for (const [content, message] of errors) {
    it(`refuses '${content}'`, () => {
      assert.equal(expectFailure(substituteVariables(bytes(content), variables)), message);
    });
  }

  it('counts positions in bytes', () => {
    const message = expectFailure(substituteVariables(bytes('é☃%d'), variables));
    assert.equal(message, "Unknown directive 'd' at position 6");
  });

  it('leaves bytes alone that are no text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        const doubled = Uint8Array.from(
          [...value].flatMap((byte) => (byte === 0x25 ? [byte, byte] : [byte])),
        );
        assert.deepEqual([...expectOk(substituteVariables(doubled, new Map()))], [...value]);
      }),
    );
  });
});
