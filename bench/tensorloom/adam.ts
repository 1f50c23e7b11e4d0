import { adam } from '../../src/index.ts';
import type { Prepare } from '../page/contender.ts';
import { adamOptions } from '../reference/adam.ts';
import type { AdamSpec } from '../workloads/adam.ts';
import { open, operand } from './run.ts';

export const prepare: Prepare<AdamSpec> = async ({ size }, inputs) => {
  const { device, graph } = await open();
  const parameter = graph.variable('parameter', [size], { initializer: inputs.parameter });
  const gradient = operand(graph, 'gradient', [size], inputs.gradient);
  const updates = adam(adamOptions).apply(graph.constant(0), [parameter], [gradient]);
  const program = await device.compile({ updates });
  return {
    step: () => program.submit(),
    async run() {
      await program.submit();
      return { parameter: await device.read(parameter) };
    },
  };
};
