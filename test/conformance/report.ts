import type { CaseResult, Verdict } from './runner.ts';

/** What the command prints before the counts: a table per op, skips by reason, failures. */
export function reportLines(results: readonly CaseResult[]): string[] {
  const skipped = results.filter(({ verdict }) => verdict === 'skipped');
  const failed = results.filter(({ verdict }) => verdict === 'failed');
  return [
    ...table(results),
    '',
    ...countedReasons(skipped).map(([reason, count]) => `skipped ${count}: ${reason}`),
    ...failed.map(
      ({ op, name, reason }) => `failed: ${op}: ${name}: ${reason.split('\n').slice(0, 6).join('\n  ')}`,
    ),
    secondBoundLine(results),
  ].filter((line, i, lines) => line !== '' || lines[i - 1] !== '');
}

/** `N passed, N failed, N skipped` */
export function countLine(results: readonly CaseResult[]): string {
  return `${count(results, 'passed')} passed, ${count(results, 'failed')} failed, ${count(results, 'skipped')} skipped`;
}

function secondBoundLine(results: readonly CaseResult[]): string {
  const second = results.filter(({ bySecondBound, verdict }) => bySecondBound && verdict === 'passed');
  if (second.length === 0) return 'All that passed did so by the bounds of the suite.';
  return `${second.length} of those that passed miss the bound of the suite and keep the second one (see bounds.ts): ${countedOps(second)}`;
}

function table(results: readonly CaseResult[]): string[] {
  const ops = [...new Set(results.map(({ op }) => op))].sort();
  const rows = ops.map((op) => {
    const own = results.filter((result) => result.op === op);
    const second = own.filter(({ verdict, bySecondBound }) => verdict === 'passed' && bySecondBound).length;
    const ulp = Math.max(
      0,
      ...own.filter(({ verdict }) => verdict === 'passed').map(({ worstUlp }) => worstUlp),
    );
    return [
      op,
      ...(['passed', 'failed', 'skipped'] as const).map((verdict) => count(own, verdict)),
      second,
      Number.isFinite(ulp) ? ulp : '',
    ].map(String);
  });
  const head = ['op', 'passed', 'failed', 'skipped', 'by second bound', 'worst ULP'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return [line(head), ...rows.map(line)];
}

function count(results: readonly CaseResult[], verdict: Verdict): number {
  return results.filter((result) => result.verdict === verdict).length;
}

function countedReasons(results: readonly CaseResult[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { reason } of results) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function countedOps(results: readonly CaseResult[]): string {
  const ops = [...new Set(results.map(({ op }) => op))].sort();
  return ops.map((op) => `${op} ${results.filter((result) => result.op === op).length}`).join(', ');
}
