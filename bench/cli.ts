import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Contender } from './contenders.ts';
import type { Host } from './hosts/host.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { showProgress } from './progress.ts';
import { formatHeader, formatResults } from './report.ts';
import {
  hasMeasured,
  type Measured,
  type Report,
  type Roof,
  readReport,
  withMeasured,
  writeReport,
} from './resultFile.ts';
import { formatTables } from './table.ts';
import { roofs } from './workloads/roof.ts';
import type { Workload } from './workloads/workload.ts';

/** What a bench program has to measure, and where. */
export interface Bench {
  /** How it is started, for its help. */
  readonly program: string;
  /** By name; the first is the default. */
  readonly hosts: Readonly<Record<string, () => Promise<Host>>>;
  readonly families: ReadonlyMap<string, readonly Workload[]>;
  /** Ours first. Called when there is something to measure. */
  contenders(): readonly Contender[];
  /** Plain WebGPU, for the roofs. */
  readonly plain: Contender;
  /** Of tensorloom: results of the same version are not measured again by `--resume`. */
  readonly version: string;
  /** Where results go when no file is named. */
  readonly defaultJson?: string;
}

interface Options {
  readonly host: string;
  readonly only?: readonly string[];
  readonly rounds: number;
  readonly group: number;
  readonly limit: number;
  readonly timeout: number;
  readonly json?: string;
  readonly resume?: boolean;
  readonly table?: readonly string[];
  readonly list?: boolean;
}

/** Reads the command line and measures what it names. */
export async function runBench(bench: Bench): Promise<void> {
  const hosts = Object.keys(bench.hosts);
  const command = new Command(bench.program)
    .description('Measures tensorloom and its peers in one run, after checking their results.')
    .argument(
      '[workloads...]',
      'families, or names in which * stands for any text; without: all of the table',
    )
    .option('--host <host>', `one of ${hosts.join(', ')}`, oneOf(hosts), hosts[0])
    .option('--only <contenders>', 'names, separated by commas', (text) => text.split(','))
    .option('--rounds <count>', 'turns that each contender gets; three, where they take long', positive, 5)
    .option('--group <milliseconds>', 'how long a turn lasts at least', positive, 200)
    .option('--limit <seconds>', 'who has no first result by then is not waited for', positive, 30)
    .option('--timeout <seconds>', 'for a turn', positive, 300)
    .option(
      '--json <file>',
      'keeps all that was measured, workload by workload, beside what the file has already',
      bench.defaultJson,
    )
    .option('--resume', 'leaves out what the file of --json has from this version of tensorloom')
    .option('--table <files...>', 'only prints the results in such files, as Markdown')
    .option('--list', 'only lists the workloads')
    .parse();
  const options = command.opts<Options>();
  if (options.table) {
    const reports = options.table.map((file): Report => JSON.parse(readFileSync(file, 'utf8')));
    const names = [...bench.families.values()].flat().map(({ name }) => name);
    console.log(formatTables(reports, names));
    return;
  }
  if (options.resume && !options.json) command.error('--resume needs --json FILE');
  const { chosen, unknown } = choose(bench.families, command.args, options.list ?? false);
  if (unknown.length > 0) command.error(`no workload ${unknown.join(', ')} (--list shows all)`);
  if (options.list) {
    for (const [family, workloads] of chosen)
      console.log(`${family}\n${workloads.map(({ name }) => `  ${name}`).join('\n')}`);
  } else await measureAll(bench, options, chosen);
}

async function measureAll(
  bench: Bench,
  options: Options,
  chosen: ReadonlyMap<string, readonly Workload[]>,
): Promise<void> {
  const contenders = bench.contenders().filter(({ name }) => options.only?.includes(name) ?? true);
  const names = contenders.map(({ name }) => name);
  const host = await bench.hosts[options.host]();
  const { version } = bench;
  let report: Report = options.json
    ? readReport(options.json, host.name)
    : { host: host.name, workloads: [] };
  const wanted = [...chosen].flatMap(([family, workloads]) =>
    workloads.map((workload) => ({ family, workload })),
  );
  const left = wanted.filter(
    ({ workload }) => !options.resume || !hasMeasured(report, workload.name, version, names),
  );
  if (left.length < wanted.length) console.log(`${wanted.length - left.length} are measured already`);
  if (left.length === 0) return;
  const progress = showProgress();
  const measureOptions: MeasureOptions = {
    rounds: options.rounds,
    groupMilliseconds: options.group,
    limitSeconds: options.limit,
    timeoutMilliseconds: options.timeout * 1000,
    say: progress.say,
  };
  const roof = await measureRoof(bench.plain, host, measureOptions);
  console.log(formatHeader(new Date().toISOString(), host.name, roof));
  for (const [i, { family, workload }] of left.entries()) {
    progress.begin(workload.name, i + 1, left.length);
    const results = await measure(host, family, workload, contenders, measureOptions);
    const { name, flops, bytes, goal } = workload;
    const date = new Date().toISOString();
    const measured: Measured = { name, family, flops, bytes, goal, date, version, roof, results };
    report = withMeasured(report, measured);
    if (options.json) writeReport(options.json, report);
    progress.end();
    console.log(formatResults(measured));
  }
}

async function measureRoof(plain: Contender, host: Host, options: MeasureOptions): Promise<Roof> {
  const best = async (workload: Workload) => {
    const [result] = await measure(host, 'roof', workload, [plain], { ...options, rounds: 5 });
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

function choose(
  families: ReadonlyMap<string, readonly Workload[]>,
  names: readonly string[],
  all: boolean,
): { chosen: ReadonlyMap<string, readonly Workload[]>; unknown: string[] } {
  const chosen = new Map<string, readonly Workload[]>();
  const found = new Set<string>();
  for (const [family, workloads] of families) {
    const taken = workloads.filter((workload) => {
      if (names.length === 0) return all || workload.default;
      const matching = names.filter((name) => family === name || matches(name, workload.name));
      for (const name of matching) found.add(name);
      // A family's name takes its default workloads, a workload's name any.
      return matching.some((name) => name !== family || workload.default);
    });
    if (taken.length > 0) chosen.set(family, taken);
  }
  return { chosen, unknown: names.filter((name) => !found.has(name)) };
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
