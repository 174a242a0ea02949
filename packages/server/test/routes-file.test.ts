import assert from 'node:assert/strict';
import { GripError } from '@p-8/core';
import { parseRouteLines, parseRoutes, readRoutesFile } from 'p-8';

describe('a routes file', () => {
  it('leaves out bad lines one by one, and says where they are', () => {
    const { routes, warnings } = parseRoutes(
      '# ours\n* a:1\nx.com\ny.com b:2\r\n\n*,path_beg= c:3\n',
      'conf/routes',
    );
    assert.deepEqual(
      routes.map((route) => route.host),
      ['*', 'y.com'],
    );
    assert.deepEqual(warnings, [
      'conf/routes:3: must specify condition and at least one target',
      'conf/routes:6: path_beg cannot be empty',
    ]);
  });

  it('leaves out duplicates', () => {
    const text =
      '*,path_beg=/a a:1\n*,path_beg=/a,id=x b:2\n*,path_beg=/a,proto=ws c:3\n*,path_beg=/a,ssl=yes d:4';
    const { routes, warnings } = parseRoutes(text, 'routes');
    assert.equal(routes.length, 3);
    assert.deepEqual(warnings, ['routes:2: skipping duplicate condition']);
  });

  it('may have several routes that are selected by id', () => {
    const { routes, warnings } = parseRoutes(',id=a a:1\n,id=b b:2', 'routes');
    assert.deepEqual([routes.length, warnings], [2, []]);
  });

  it('must be readable', () => {
    assert.throws(
      () => readRoutesFile('/nowhere/routes'),
      (error) =>
        error instanceof GripError &&
        error.code === 'GRIP_ERR_OPTION' &&
        error.message === 'cannot read the routes file /nowhere/routes: there is no such file',
    );
  });
});

describe('routes on the command line', () => {
  it('are read like those of a file', () => {
    const { routes } = parseRouteLines(['* a:1', '*,path_beg=/b b:2']);
    assert.deepEqual(
      routes.map(({ pathPrefix }) => pathPrefix),
      [undefined, '/b'],
    );
  });

  it('are errors when they are bad', () => {
    assert.throws(() => parseRouteLines(['* a:1', 'x']), {
      code: 'GRIP_ERR_OPTION',
      message: '--route "x": must specify condition and at least one target',
    });
    assert.throws(() => parseRouteLines(['']), /--route "": the line is empty/);
  });

  it('may be duplicates, with a warning', () => {
    const { routes, warnings } = parseRouteLines(['* a:1', '* b:2']);
    assert.deepEqual([routes.length, warnings], [1, ['--route "* b:2": skipping duplicate condition']]);
  });
});
