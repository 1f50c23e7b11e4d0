import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Result } from './measure.ts';

/** What the adapter can do at best. */
export interface Roof {
  readonly adapter: string;
  readonly gigaflops: number;
  readonly gigabytes: number;
}

/** One workload in one run: only times in here may be compared. */
export interface Measured {
  readonly name: string;
  readonly family: string;
  readonly flops: number;
  readonly bytes: number;
  readonly goal?: number;
  readonly date: string;
  /** Of tensorloom: see `libraryVersion`. */
  readonly version: string;
  /** Of this run. */
  readonly roof: Roof;
  readonly results: readonly Result[];
}

/** What `--json` writes: one host's workloads, from as many runs as it took. */
export interface Report {
  readonly host: string;
  readonly workloads: readonly Measured[];
}

/** The report with `measured` in it, in the place of what it had by that name. */
export function withMeasured(report: Report, measured: Measured): Report {
  const at = report.workloads.findIndex(({ name }) => name === measured.name);
  return {
    ...report,
    workloads: at < 0 ? [...report.workloads, measured] : report.workloads.with(at, measured),
  };
}

/** Whether the report has a row for each of the contenders, of the same version of tensorloom. */
export function hasMeasured(
  report: Report,
  name: string,
  version: string,
  contenders: readonly string[],
): boolean {
  const known = report.workloads.find((one) => one.name === name);
  return (
    known?.version === version &&
    contenders.every((contender) => known.results.some((result) => result.contender === contender))
  );
}

/** The file's report, or an empty one where there is no file. Throws where it is another host's. */
export function readReport(file: string, host: string): Report {
  if (!existsSync(file)) return { host, workloads: [] };
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  if (report.host !== host)
    throw new Error(`${file} holds results of host "${report.host}", not "${host}": name another file`);
  return report;
}

/** A run that is broken off meanwhile leaves the old file. */
export function writeReport(file: string, report: Report): void {
  const draft = `${file}.part`;
  writeFileSync(draft, `${JSON.stringify(report, null, 1)}\n`);
  renameSync(draft, file);
}
