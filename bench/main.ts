// `npm run bench`: see README.md beside this file.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { root } from '../test/support/root.ts';
import { installPeers, listContenders, plainWebGpu } from './contenders.ts';
import type { Host } from './hosts/host.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { formatHeader, formatResults, type Report, type Roof } from './report.ts';
import { roofs } from './workloads/roof.ts';
import type { Workload } from './workloads/workload.ts';

const hosts: Readonly<Record<string, () => Promise<Host>>> = {
  chrome: async () => (await import('./hosts/chrome.ts')).chrome,
  deno: async () => (await import('./hosts/deno.ts')).deno,
  node: async () => (await import('./hosts/node.ts')).node,
};

const families = await loadFamilies();
const command = new Command('npm run bench --')
  .description('Measures tensorloom and its peers in one run, after checking their results.')
  .argument(
    '[workloads...]',
    'families, or names in which * stands for any text; without: all that the README shows',
  )
  .option('--host <host>', `one of ${Object.keys(hosts).join(', ')}`, oneOf(Object.keys(hosts)), 'chrome')
  .option('--only <contenders>', 'names, separated by commas', (text) => text.split(','))
  .option('--rounds <count>', 'turns that each contender gets', positive, 7)
  .option('--group <milliseconds>', 'how long a turn lasts at least', positive, 300)
  .option('--timeout <seconds>', 'for opening a contender', positive, 300)
  .option('--json <file>', 'writes all that was measured')
  .option('--list', 'only lists the workloads')
  .parse();

const options = command.opts<{
  host: string;
  only?: string[];
  rounds: number;
  group: number;
  timeout: number;
  json?: string;
  list?: boolean;
}>();
const chosen = choose(command.args);
if (options.list) {
  for (const [family, workloads] of chosen) {
    console.log(`${family}\n${workloads.map(({ name }) => `  ${name}`).join('\n')}`);
  }
} else {
  await run();
}

async function run(): Promise<void> {
  installPeers();
  const host = await hosts[options.host]();
  const contenders = listContenders().filter(({ name }) => options.only?.includes(name) ?? true);
  const measureOptions: MeasureOptions = {
    rounds: options.rounds,
    groupMilliseconds: options.group,
    timeoutMilliseconds: options.timeout * 1000,
  };
  const roof = await measureRoof(host);
  const report: Report = { date: new Date().toISOString(), host: host.name, roof, workloads: [] };
  console.log(formatHeader(report));
  for (const [family, workloads] of chosen) {
    for (const workload of workloads) {
      const results = await measure(host, family, workload, contenders, measureOptions);
      const { name, flops, bytes, goal } = workload;
      const measured = { name, family, flops, bytes, goal, results };
      report.workloads.push(measured);
      console.log(formatResults(measured, roof));
      if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);
    }
  }
}

async function measureRoof(host: Host): Promise<Roof> {
  const best = async (workload: Workload) => {
    const [result] = await measure(host, 'roof', workload, [plainWebGpu], {
      rounds: 5,
      groupMilliseconds: 300,
      timeoutMilliseconds: 120_000,
    });
    if (!result.time) throw new Error(`${host.name}: ${workload.name}: ${result.missing}`);
    return { ...result, least: result.time.least };
  };
  let used = roofs.software;
  let fma = await best(used.fma);
  // Where the small kernel is over in no time, it measures the submit.
  if (fma.least < 2) {
    used = roofs.hardware;
    fma = await best(used.fma);
  }
  const copy = await best(used.copy);
  return {
    adapter: fma.adapter || 'unnamed adapter',
    gigaflops: used.fma.flops / fma.least / 1e6,
    gigabytes: used.copy.bytes / copy.least / 1e6,
  };
}

/** Workloads by family, from the files of `workloads/`. */
async function loadFamilies(): Promise<Map<string, Workload[]>> {
  const { bundleWorkloads } = await import('./hosts/bundle.ts');
  const names = readdirSync(join(root, 'bench/workloads'))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => name !== 'workload' && name !== 'roof');
  return bundleWorkloads(names);
}

function choose(names: readonly string[]): Map<string, Workload[]> {
  const taken = new Map<string, Workload[]>();
  const found = new Set<string>();
  for (const [family, workloads] of families) {
    const of = workloads.filter((workload) => {
      if (names.length === 0) return options.list || workload.default;
      const matching = names.filter((name) => family === name || matches(name, workload.name));
      for (const name of matching) found.add(name);
      // A family's name takes its default workloads, a workload's name any.
      return matching.some((name) => name !== family || workload.default);
    });
    if (of.length > 0) taken.set(family, of);
  }
  const unknown = names.filter((name) => !found.has(name));
  if (unknown.length > 0) command.error(`no workload ${unknown.join(', ')} (--list shows all)`);
  return taken;
}

/** Whether `name` is `pattern`, in which each * stands for any text. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function oneOf(allowed: readonly string[]) {
  return (text: string) => {
    if (allowed.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed: ${allowed.join(', ')}.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A number above 0.');
  return value;
}
