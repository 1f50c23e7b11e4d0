import { existsSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { bundle } from '../support/bundleSuite.ts';
import { runInChromium, runInDeno } from '../support/hosts.ts';
import { readFolder } from './folder.ts';
import { type Job, runSuite, suiteNamed } from './inHost.ts';
import { countLine, reportLines } from './report.ts';
import type { HostReport } from './runner.ts';
import type { Files, Suite } from './suite.ts';
import { suites } from './suites/all.ts';

interface Options {
  readonly suite?: string;
  readonly backend: 'cpu' | 'webgpu';
  readonly host: 'node' | 'chrome' | 'deno';
  readonly filter: string;
  readonly json?: string;
}

const program: Command = new Command('npm run conformance --')
  .description('Runs a conformance suite that lies in a folder, and counts what passes.')
  .argument('<folder>', 'the cases, laid out as the README beside them says')
  .addOption(
    new Option('--suite <name>', 'which suite it is; default: what the folder looks like').choices(
      suites.map(({ name }) => name),
    ),
  )
  .addOption(new Option('--backend <name>').choices(['cpu', 'webgpu']).default('webgpu'))
  .addOption(
    new Option('--host <name>', 'where to compute').choices(['node', 'chrome', 'deno']).default('node'),
  )
  .option('--filter <text>', 'only cases whose "operator: name" holds this text', '')
  .option('--json <file>', 'write all results there')
  .action(run);

async function run(folder: string, options: Options): Promise<void> {
  if (!existsSync(folder)) program.error(`error: there is no folder ${folder}`);
  const files = readFolder(folder);
  const suite = options.suite ? suiteNamed(options.suite) : suites.find((each) => each.matches(files));
  if (!suite) {
    program.error(
      `error: ${folder} looks like none of the suites ${suites.map(({ name }) => name).join(', ')}`,
    );
  }
  const report = await inHost[options.host](suite, files, options);
  const { device, results } = report;
  if (results.length === 0) program.error(`error: no case of ${suite.name} holds "${options.filter}"`);
  console.log(`${suite.name} on ${options.backend} in ${options.host}: ${device.name}`);
  for (const line of reportLines(results)) console.log(line);
  if (options.json) {
    const told = { suite: suite.name, backend: options.backend, host: options.host, ...report };
    writeFileSync(options.json, `${JSON.stringify(told, null, 1)}\n`);
  }
  console.log(countLine(results));
  process.exitCode = results.some(({ verdict }) => verdict === 'failed') ? 1 : 0;
}

type InHost = (suite: Suite, files: Files, options: Options) => Promise<HostReport>;

const inHost: Record<Options['host'], InHost> = {
  node: (suite, files, { backend, filter }) => runSuite(suite, files, backend, filter),
  chrome: async (...parameters) =>
    (await runInChromium(await jobBundle(...parameters), { call: 'runHere' })) as HostReport,
  deno: async (...parameters) =>
    (await runInDeno(await jobBundle(...parameters), { call: 'runHere' })) as HostReport,
};

/** A bundle that holds the runner and the suite's files. */
function jobBundle(suite: Suite, files: Files, { backend, host, filter }: Options): Promise<string> {
  const needed = files.names.filter((name) => suite.needs(name));
  const job: Job = {
    suite: suite.name,
    backend,
    filter,
    files: Object.fromEntries(
      needed.map((name) => [name, Buffer.from(files.bytes(name)).toString('base64')]),
    ),
  };
  const source = [
    `import { runJob } from './test/conformance/inHost.ts';`,
    `export const runHere = () => runJob(${JSON.stringify(job)});`,
  ];
  return bundle(`conformance-${suite.name}-${host}`, source.join('\n'));
}

await program.parseAsync();
