import { openDevice } from '../../src/backends/open.ts';
import { type HostReport, runCases } from './runner.ts';
import type { Files, Suite } from './suite.ts';
import { suites } from './suites/all.ts';

/** What a host that cannot read the folder is given: everything as text, since it is put into a bundle. */
export interface Job {
  readonly suite: string;
  readonly backend: 'cpu' | 'webgpu';
  readonly filter: string;
  /** Files by name, base64. */
  readonly files: Readonly<Record<string, string>>;
}

export async function runJob(job: Job): Promise<HostReport> {
  const files: Files = {
    names: Object.keys(job.files),
    bytes: (name) => Uint8Array.from(atob(job.files[name]), (letter) => letter.charCodeAt(0)),
  };
  return runSuite(suiteNamed(job.suite), files, job.backend, job.filter);
}

/** Runs those cases whose operator or name holds `filter`, on a device of its own. */
export async function runSuite(
  suite: Suite,
  files: Files,
  backend: 'cpu' | 'webgpu',
  filter: string,
): Promise<HostReport> {
  const cases = suite.cases(files).filter(({ name, op }) => `${op}: ${name}`.includes(filter));
  const device = await openDevice({ backend });
  try {
    return await runCases(device, cases);
  } finally {
    device.dispose();
  }
}

export function suiteNamed(name: string): Suite {
  const suite = suites.find((each) => each.name === name);
  if (suite) return suite;
  throw new Error(`unknown suite "${name}" (expected ${suites.map((each) => each.name).join(', ')})`);
}
