import { isFloat } from '../core/dtype.ts';
import { NonFiniteError } from '../core/errors.ts';
import type { Tensor } from '../graph/graph.ts';
import { reachable } from '../graph/trace.ts';
import type { CompileOptions, Device, Feeds } from './backend.ts';

/**
 * Runs the program once more with every op apart and names the first one whose result is not finite although all that it was
 * given is. Optimizers leave the variables as they are when the loss is not finite, so the search sees the same numbers.
 */
export async function findNonFinite(
  device: Device,
  options: CompileOptions,
  feeds: Feeds,
  output: string,
  value: number,
): Promise<NonFiniteError> {
  const loss = options.outputs?.[output];
  const operation = loss ? await firstNonFinite(device, loss, feeds) : null;
  const found = operation
    ? `the first op with a result that is not finite is ${operation}`
    : 'running it again op by op gave only finite results';
  return new NonFiniteError(
    `run: output "${output}" is ${value}; ${found}. The variables keep their values`,
    operation,
  );
}

async function firstNonFinite(device: Device, loss: Tensor, feeds: Feeds): Promise<string | null> {
  const nodes = reachable([loss]);
  const names = new Set(nodes.map((node) => (node.source?.kind === 'input' ? node.source.name : null)));
  const needed = Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name)));
  const watched = nodes.flatMap((node) => node.outputs.filter((tensor) => isFloat(tensor.dtype)));
  const outputs = Object.fromEntries(watched.map((tensor, i) => [String(i), tensor]));
  const program = await device.compile({ outputs, keepNodes: true });
  try {
    const values = await program.run(needed);
    for (let i = 0; i < watched.length; i++) {
      const at = values[String(i)].findIndex((element) => !Number.isFinite(element));
      if (at >= 0) return `${watched[i]} (element ${at} is ${values[String(i)][at]})`;
    }
    return null;
  } finally {
    program.dispose();
  }
}
