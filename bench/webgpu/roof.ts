import type { Prepare } from '../page/contender.ts';
import { chains, type RoofSpec } from '../workloads/roof.ts';

/** The roofs, in plain WebGPU. */
export const prepare: Prepare<RoofSpec> = async ({ kind, invocations, rounds }) => {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return { unable: 'no adapter' };
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  const size = invocations * 16;
  const usage = 0x80 | 0x4 | 0x8; // STORAGE | COPY_SRC | COPY_DST
  const x = device.createBuffer({ size, usage });
  const y = device.createBuffer({ size, usage });
  device.queue.writeBuffer(
    x,
    0,
    Float32Array.from({ length: invocations * 4 }, (_, i) => i & 1023),
  );
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code: shader(kind, rounds) }), entryPoint: 'main' },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [x, y].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const workgroups = invocations / 64;
  const step = () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(Math.min(workgroups, 32768), Math.ceil(workgroups / 32768));
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  return {
    step,
    async run() {
      step();
      const staging = device.createBuffer({ size, usage: 0x1 | 0x8 });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(y, 0, staging, 0, size);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(0x1);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      return { y: values };
    },
  };
};

/** One invocation per vec4 of y. */
function shader(kind: RoofSpec['kind'], rounds: number): string {
  const each = (text: (chain: number) => string) =>
    Array.from({ length: chains }, (_, chain) => text(chain)).join('\n');
  const body =
    kind === 'copy'
      ? 'y[i] = x[i];'
      : `let zero = vec4<f32>(x[0].x);
${each((c) => `var c${c} = zero + ${c + 1}.0;`)}
for (var r = 0u; r < ${rounds}u; r++) {
${each((c) => `c${c} = fma(c${c}, vec4<f32>(0.5), vec4<f32>(${c + 1}.0));`)}
}
y[i] = ${Array.from({ length: chains }, (_, c) => `c${c}`).join(' + ')};`;
  return `@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32, @builtin(num_workgroups) groups: vec3<u32>) {
let i = (group.y * groups.x + group.x) * 64u + lane;
${body}
}`;
}
