import { bundle } from '../../test/support/bundleSuite.ts';
import { runInChromium, runInDeno } from '../../test/support/hosts.ts';
import { table } from './draw.ts';
import { CommandError, type CommonOptions, type Output } from './output.ts';
import { type AdapterVerdict, verifyOps } from './verifyOps.ts';

export type Host = 'node' | 'deno' | 'chrome';

export interface VerifyCommandOptions extends CommonOptions {
  readonly host: Host | 'all';
}

/** Who compiles the shaders there. */
const compilers: Readonly<Record<Host, string>> = {
  node: 'Tint (Dawn, package webgpu)',
  deno: 'naga (wgpu)',
  chrome: 'Tint (Dawn, Chromium)',
};

const inHost: Readonly<Record<Host, () => Promise<AdapterVerdict>>> = {
  node: () => verifyOps(),
  deno: async () => (await runInDeno(await hostBundle(), { call: 'verifyOps' })) as AdapterVerdict,
  chrome: async () => (await runInChromium(await hostBundle(), { call: 'verifyOps' })) as AdapterVerdict,
};

function hostBundle(): Promise<string> {
  return bundle('verify', `export { verifyOps } from './demo/cli/verifyOps.ts';`);
}

/** Every op, forward and backward, on the adapters of this machine against the reference. */
export async function verifyCommand(options: VerifyCommandOptions, output: Output): Promise<void> {
  if (options.backend === 'cpu')
    throw new CommandError(
      'verify compares WebGPU with the CPU reference: --backend cpu has nothing to compare.',
    );
  const hosts: readonly Host[] = options.host === 'all' ? ['node', 'deno', 'chrome'] : [options.host];
  const results: (AdapterVerdict & { readonly host: Host; readonly compiler: string })[] = [];
  for (const host of hosts) {
    const verdict = await inHost[host]();
    results.push({ host, compiler: compilers[host], ...verdict });
    show(host, verdict, output);
  }
  const passed = results.every(({ ops }) => ops.every((each) => each.passed));
  output.say(
    passed
      ? 'Every op agrees with the reference on every adapter.'
      : 'Some ops do not agree with the reference.',
  );
  output.result({ command: 'verify', passed, results });
  if (!passed) process.exitCode = 1;
}

function show(
  host: Host,
  { adapter, vendor, architecture, features, ops }: AdapterVerdict,
  output: Output,
): void {
  const wrong = ops.filter(({ passed }) => !passed);
  const results = ops.reduce((total, each) => total + each.results, 0);
  const worst = [...ops].sort((a, b) => (b.ofBound ?? Infinity) - (a.ofBound ?? Infinity)).slice(0, 5);
  output.say(
    `Adapter:       ${[adapter, vendor, architecture].filter(Boolean).join(', ')}, in ${host}`,
    `WGSL compiler: ${compilers[host]}`,
    `Features:      ${features.join(', ') || 'none'}`,
    `Verdict:       ${ops.length - wrong.length} of ${ops.length} ops agree with the reference, in ${results} results of kernels and programs`,
    '',
    ...table([
      ['nearest to the bound', 'error, in units of it'],
      ...worst.map(({ op, ofBound }) => [op, ofBound?.toPrecision(2) ?? 'not finite']),
    ]),
    '',
    ...wrong.map(({ op, summary }) => `${op}: ${summary}`),
  );
}
