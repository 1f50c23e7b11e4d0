import {
  type Device,
  indexedDbStore,
  openSafetensors,
  safetensorsChunks,
  type TensorData,
  type Variable,
} from 'tensorloom';

/** What is kept of a training beside its variables. */
export interface TextStanding {
  /** Steps done. */
  readonly step: number;
  /** Bits for each character, of the last batches on average; null before the first step. */
  readonly bits: number | null;
  /** The same before anything was learned. */
  readonly untrained: number | null;
  /** Steps, and bits at each: what the chart shows. */
  readonly steps: readonly number[];
  readonly curve: readonly number[];
}

export const noSteps: TextStanding = { step: 0, bits: null, untrained: null, steps: [], curve: [] };

const store = indexedDbStore('tensorloom-primer-text');

/** Keeps weights, the optimizer's state and the states of the streams in this browser, so that the training goes on after a reload. */
export function keep(
  name: string,
  device: Device,
  variables: readonly Variable[],
  standing: TextStanding,
): Promise<void> {
  const metadata = { standing: JSON.stringify(standing) };
  return store.write(
    name,
    safetensorsChunks(variables, ({ name }) => read(device, variables, name), metadata),
  );
}

async function read(device: Device, variables: readonly Variable[], name: string) {
  const variable = variables.find((each) => each.name === name);
  if (!variable) throw new Error(`there is no variable ${name}`);
  return device.read(variable);
}

export interface Kept {
  readonly standing: TextStanding;
  readonly values: ReadonlyMap<string, TensorData>;
}

/** What was kept under this name; null where nothing was, or where it cannot be read. */
export async function findKept(name: string): Promise<Kept | null> {
  try {
    const source = await store.open(name);
    if (!source) return null;
    const reader = await openSafetensors(source);
    const values = new Map<string, TensorData>();
    for (const { name } of reader.tensors) values.set(name, await reader.read(name));
    return { standing: JSON.parse(reader.metadata.standing) as TextStanding, values };
  } catch {
    // A damaged file, or a browser that keeps nothing: the training begins anew.
    return null;
  }
}

/** Whether every variable was kept, in its size. */
export function fits({ values }: Kept, variables: readonly Variable[]): boolean {
  return variables.every(({ name, size }) => values.get(name)?.length === size);
}

/** Gives the variables the values that were kept under their names, and leaves the others. */
export function restore({ values }: Kept, device: Device, variables: readonly Variable[]): void {
  for (const variable of variables) {
    const data = values.get(variable.name);
    if (data?.length === variable.size) device.write(variable, data);
  }
}

export function forget(name: string): Promise<void> {
  return store.delete(name);
}
