import { createGripTest, type GripTest, type GripTestOptions, type TestedApp } from '@p-8/testing';

/** Makes tests of apps, each closed at the end of the mocha test that it was made in. */
export function useGripTests(): typeof createGripTest {
  const open: GripTest[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((t) => t.close()));
  });
  return async (app: TestedApp, options?: GripTestOptions) => {
    const t = await createGripTest(app, options);
    open.push(t);
    return t;
  };
}
