import { FormatError } from '../core/errors.ts';
import { readStored, writeStored } from '../host/store.ts';

/**
 * The variant that was fastest, by adapter and by op and shape; `default` where the cost model's choice was. Plain data: it can be written as JSON and shipped with
 * a page.
 */
export type TuningTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Keeps a table for the next time: in IndexedDB under `name` in pages and workers, in the file of that path in Node and Deno.
 *
 * ```ts
 * device.tuning = await readTuning('tuning.json');
 * await writeTuning('tuning.json', await tune(device, { outputs: { loss }, updates }));
 * ```
 */
export function writeTuning(name: string, table: TuningTable): Promise<void> {
  return writeStored(name, JSON.stringify(table));
}

/**
 * The table that `writeTuning` kept under `name`; an empty one where there is none.
 * @throws FormatError where something else is kept there.
 */
export async function readTuning(name: string): Promise<TuningTable> {
  const text = await readStored(name);
  if (text === null) return {};
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch {
    throw new FormatError(`readTuning: "${name}" is no JSON`);
  }
  return checkTuning(`readTuning: "${name}"`, table);
}

/** Under which a table keeps the choices for an adapter. */
export function adapterKey(info: Readonly<Record<'vendor' | 'architecture' | 'name', string>>): string {
  const { vendor, architecture, name } = info;
  return [vendor, architecture, name].filter(Boolean).join(' ');
}

/** @throws FormatError unless `table` holds texts by adapter, and by op and shape. */
function checkTuning(what: string, table: unknown): TuningTable {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const choices = isRecord(table) ? Object.values(table) : [null];
  const good = choices.every(
    (choice) => isRecord(choice) && Object.values(choice).every((variant) => typeof variant === 'string'),
  );
  if (!good)
    throw new FormatError(
      `${what} is no tuning table: { adapter: { "op and shapes": "variant" } } was expected`,
    );
  return table as TuningTable;
}

/** All choices of both; where they differ, those of `later`. */
export function mergeTuning(earlier: TuningTable, later: TuningTable): TuningTable {
  const merged: Record<string, Readonly<Record<string, string>>> = { ...earlier };
  for (const [adapter, choices] of Object.entries(later))
    merged[adapter] = { ...merged[adapter], ...choices };
  return merged;
}
