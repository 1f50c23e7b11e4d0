import { FormatError } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shape.ts';
import type { NamedSpec } from './safetensorsHeader.ts';

export interface MatchOptions {
  /** Only tensors whose names match are taken; default all. */
  include?: RegExp | string;
  /** How a tensor of the model is called in the file; default as in the model. */
  rename?: (name: string) => string;
  /** Whether it is an error that the file or the model has tensors which the other has not; default true without `include`. */
  strict?: boolean;
}

/** Names and kinds at most that a message lists. */
const listed = 12;

/**
 * Finds for each tensor of a model the one in a file: [model's, file's] pairs. Nothing is taken if anything does not fit.
 *
 * @param what what messages call the file.
 * @throws FormatError that lists the tensors which are missing, which nobody asked for, and which have another shape or dtype, with both.
 */
export function matchTensors<Spec extends NamedSpec>(
  what: string,
  wanted: readonly Spec[],
  given: readonly NamedSpec[],
  options: MatchOptions = {},
): [Spec, NamedSpec][] {
  const { include, rename = (name) => name, strict = include === undefined } = options;
  const pattern =
    typeof include === 'string' ? new RegExp(`^${include.split('*').map(escaped).join('.*')}$`) : include;
  const chosen = wanted.filter(({ name }) => !pattern || name.search(pattern) >= 0);
  if (chosen.length === 0) {
    throw new FormatError(
      `${what}: no tensor of the model matches ${include} (${list(wanted.map(({ name }) => name))})`,
    );
  }
  const byName = new Map(given.map((spec) => [spec.name, spec]));
  const pairs: [Spec, NamedSpec][] = [];
  const missing: string[] = [];
  const different: string[] = [];
  for (const spec of chosen) {
    const found = byName.get(rename(spec.name));
    if (!found) missing.push(show({ ...spec, name: rename(spec.name) }));
    else if (found.dtype !== spec.dtype || !sameShape(found.shape, spec.shape)) {
      different.push(`${found.name} is ${kind(found)} in the file and ${kind(spec)} in the model`);
    } else pairs.push([spec, found]);
  }
  const expected = new Set(chosen.map(({ name }) => rename(name)));
  const unexpected = strict ? given.filter(({ name }) => !expected.has(name)).map(show) : [];
  const problems = [
    ...(missing.length > 0 && (strict || pairs.length === 0)
      ? [`missing in the file: ${list(missing)}`]
      : []),
    ...(unexpected.length > 0 ? [`unexpected in the file: ${list(unexpected)}`] : []),
    ...(different.length > 0 ? [list(different)] : []),
  ];
  if (problems.length > 0) throw new FormatError(`${what} does not fit the model: ${problems.join('; ')}`);
  return pairs;
}

function kind({ dtype, shape }: NamedSpec): string {
  return `${dtype} ${showShape(shape)}`;
}

function show(spec: NamedSpec): string {
  return `${spec.name} ${kind(spec)}`;
}

function list(items: readonly string[]): string {
  const rest = items.length - listed;
  return items.slice(0, listed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
