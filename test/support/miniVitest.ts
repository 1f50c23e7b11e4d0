/**
 * Stands in for `vitest` where Vitest does not run (a page, a worker, Deno): collects the tests of a bundle and runs them
 * one after another. It has no `expect`: what runs in all hosts signals failure by throwing.
 */

export interface TestResult {
  name: string;
  ok: boolean;
  /** Why it failed; empty if it did not. */
  message: string;
  milliseconds: number;
}

type Body = () => unknown;

interface Suite {
  name: string;
  parent: Suite | null;
  steps: ({ name: string; body: Body } | Suite)[];
  before: Body[];
  after: Body[];
}

const newSuite = (name: string, parent: Suite | null): Suite => ({
  name,
  parent,
  steps: [],
  before: [],
  after: [],
});
const top = newSuite('', null);
let current = top;

export function describe(name: string, body: () => void): void {
  const outer = current;
  current = newSuite(name, outer);
  outer.steps.push(current);
  body();
  current = outer;
}

export function it(name: string, body: Body, _timeout?: number): void {
  current.steps.push({ name, body });
}

export const test = it;

export function beforeAll(body: Body, _timeout?: number): void {
  current.before.push(body);
}

export function afterAll(body: Body, _timeout?: number): void {
  current.after.push(body);
}

/** Runs what has been collected. A hook that throws fails under its suite's name; the suite's tests still count. */
export async function runCollected(): Promise<TestResult[]> {
  const results: TestResult[] = [];
  await runSuite(top, [], results);
  if (results.length === 0)
    results.push({ name: 'tests', ok: false, message: 'none were collected', milliseconds: 0 });
  return results;
}

async function runSuite(suite: Suite, path: string[], results: TestResult[]): Promise<void> {
  const hook = async (name: string, bodies: Body[]) => {
    for (const body of bodies) {
      const result = await runBody([...path, name].join(' > '), body);
      if (!result.ok) results.push(result);
    }
  };
  await hook('beforeAll', suite.before);
  for (const step of suite.steps) {
    const stepPath = [...path, step.name];
    if ('body' in step) results.push(await runBody(stepPath.join(' > '), step.body));
    else await runSuite(step, stepPath, results);
  }
  await hook('afterAll', suite.after);
}

async function runBody(name: string, body: Body): Promise<TestResult> {
  // If the host dies, this line tells where.
  console.debug(`running ${name}`);
  const start = performance.now();
  let message = '';
  try {
    await body();
  } catch (error) {
    message =
      error instanceof Error ? (error.stack?.includes(error.message) ? error.stack : `${error}`) : `${error}`;
    message ||= 'failed without a message';
  }
  return { name, ok: message === '', message, milliseconds: performance.now() - start };
}
