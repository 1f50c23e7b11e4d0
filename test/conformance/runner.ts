import type { Device } from '../../src/backends/backend.ts';
import { sameShape, showShape } from '../../src/core/shape.ts';
import { type Bound, type Difference, describe, difference } from '../../src/verify/bounds.ts';
import { type Output, Skipped, type SuiteCase } from './suite.ts';

export type Verdict = 'passed' | 'failed' | 'skipped';

/** What came of a case. */
export interface CaseResult {
  readonly name: string;
  readonly op: string;
  readonly verdict: Verdict;
  /** For a passed case: whether an output needed the second bound. */
  readonly bySecondBound: boolean;
  /** Why it was skipped or how it failed; empty where it passed. */
  readonly reason: string;
  /** Largest distance of all outputs in units in the last place. */
  readonly worstUlp: number;
  readonly milliseconds: number;
}

/** What a host reports: the adapter, and the results in the order of the cases. */
export interface HostReport {
  readonly device: { readonly name: string; readonly host: string; readonly features: readonly string[] };
  readonly results: readonly CaseResult[];
}

/** Runs cases one after another on one device. A failure stops nothing. */
export async function runCases(
  device: Device,
  cases: readonly SuiteCase[],
  onResult: (result: CaseResult) => void = () => {},
): Promise<HostReport> {
  const { name, host, features, backend } = device.info;
  const hasFloat16 = backend === 'cpu' || features.includes('shader-f16');
  const results: CaseResult[] = [];
  for (const each of cases) {
    const start = performance.now();
    const outcome =
      each.usesFloat16 && !hasFloat16
        ? { ...untold, verdict: 'skipped' as const, reason: 'the adapter lacks shader-f16' }
        : await runCase(device, each);
    const result = { name: each.name, op: each.op, ...outcome, milliseconds: performance.now() - start };
    results.push(result);
    onResult(result);
  }
  return { device: { name, host, features }, results };
}

type Outcome = Pick<CaseResult, 'verdict' | 'bySecondBound' | 'reason' | 'worstUlp'>;

const untold = { bySecondBound: false, reason: '', worstUlp: 0 };

async function runCase(device: Device, each: SuiteCase): Promise<Outcome> {
  try {
    return judge(await each.run(device));
  } catch (error) {
    if (error instanceof Skipped) return { ...untold, verdict: 'skipped', reason: error.message };
    return { ...untold, verdict: 'failed', reason: error instanceof Error ? `${error}` : String(error) };
  }
}

function judge(outputs: readonly Output[]): Outcome {
  if (outputs.length === 0) return { ...untold, verdict: 'failed', reason: 'the case compares nothing' };
  const reasons: string[] = [];
  let bySecondBound = false;
  let worstUlp = 0;
  for (const output of outputs) {
    const { name, got, want, dtype, shapes, bound, secondBound } = output;
    if (shapes && !sameShape(shapes.got, shapes.want)) {
      reasons.push(`${name} has shape ${showShape(shapes.got)}, expected ${showShape(shapes.want)}`);
      continue;
    }
    if (got.length !== want.length) {
      reasons.push(`${name} has ${got.length} elements, expected ${want.length}`);
      continue;
    }
    const found = difference(got, want, dtype, bound);
    worstUlp = Math.max(worstUlp, found.ulp);
    if (found.differing === 0) continue;
    const second = secondBound && difference(got, want, dtype, secondBound);
    if (second?.differing === 0) bySecondBound = true;
    else reasons.push(failure(name, found, bound, second, secondBound));
  }
  const verdict = reasons.length > 0 ? 'failed' : 'passed';
  return { verdict, bySecondBound, reason: reasons.join('; '), worstUlp };
}

function failure(
  name: string,
  found: Difference,
  bound: Bound,
  second: Difference | undefined,
  secondBound: Bound | undefined,
): string {
  const again =
    second && secondBound ? `; by the second bound, ${showBound(secondBound)}: ${describe(second)}` : '';
  return `${name}, bound ${showBound(bound)}: ${describe(found)}${again}`;
}

export function showBound(bound: Bound): string {
  return 'ulp' in bound ? `${bound.ulp} ULP` : `${bound.absolute} + ${bound.relative} |want|`;
}
