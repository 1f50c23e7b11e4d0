import type { Result } from './measure.ts';
import { bestPeer, oursOf, round } from './report.ts';
import type { Measured, Report } from './resultFile.ts';

const columns = [
  'workload',
  'tensorloom, ms',
  'best peer, ms',
  'ratio',
  'goal',
  'first result, s',
  "best peer's, s",
  'block, ms',
];

/** Markdown: a table for each host, its rows in the order of `names`, then those that `names` lacks. */
export function formatTables(reports: readonly Report[], names: readonly string[]): string {
  return reports.map((report) => formatTable(report, names)).join('\n\n');
}

function formatTable({ host, workloads }: Report, names: readonly string[]): string {
  const place = ({ name }: Measured) => (names.includes(name) ? names.indexOf(name) : names.length);
  const rows = [...workloads].sort((a, b) => place(a) - place(b)).map(cellsOf);
  const days = workloads.map(({ date }) => date.slice(0, 10)).sort();
  const adapters = [...new Set(workloads.map(({ roof }) => roof.adapter))];
  const when = days[0] === days[days.length - 1] ? days[0] : `${days[0]} to ${days[days.length - 1]}`;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${host}, ${adapters.join('; ')}, ${when}`,
    '',
    line(columns),
    line(columns.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}

function cellsOf(measured: Measured): string[] {
  const ours = oursOf(measured);
  const best = bestPeer(measured);
  const ratio = ours?.time && best?.time ? best.time.median / ours.time.median : undefined;
  return [
    measured.name,
    ours?.time ? round(ours.time.median) : (ours?.missing ?? ''),
    best?.time ? `${best.contender} ${round(best.time.median)}` : whyNone(measured),
    ratio === undefined ? '' : round(ratio),
    measured.goal ? String(measured.goal) : '',
    ours?.time ? seconds(ours.firstResultMilliseconds) : '',
    soonestPeer(measured),
    ours?.time ? round(ours.longestBlockMilliseconds ?? 0) : '',
  ];
}

const seconds = (milliseconds = 0) => round(milliseconds / 1000);

/** Those who were not waited for; who cannot do it is left out. */
function whyNone({ results }: Measured): string {
  const late = results.filter(({ contender, limitSeconds }) => contender !== 'tensorloom' && limitSeconds);
  return late.map(({ contender }) => `${contender} took too long`).join(', ') || 'none';
}

/** The peer that gives its first result first, which need not be the fastest afterwards. */
function soonestPeer({ results }: Measured): string {
  const peers = results.filter(({ contender }) => contender !== 'tensorloom');
  const first = (result: Result) => result.firstResultMilliseconds ?? Number.POSITIVE_INFINITY;
  const [soonest] = peers.filter(({ time }) => time).sort((a, b) => first(a) - first(b));
  if (soonest) return `${soonest.contender} ${seconds(soonest.firstResultMilliseconds)}`;
  const [late] = peers.filter(({ limitSeconds }) => limitSeconds);
  return late ? `more than ${late.limitSeconds}` : '';
}
