/** The least that a host must do: find an adapter, compile a shader, run it, hand back what it wrote. */

export interface Smoke {
  adapter: string;
  features: string[];
  /** 0, 2, 4, …, 126 if the host works. */
  doubled: number[];
}

export async function smoke(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Smoke> {
  const adapter = await gpu?.requestAdapter();
  if (!adapter) throw new Error(gpu ? 'navigator.gpu gives no adapter' : 'there is no navigator.gpu');
  const device = await adapter.requestDevice();
  const bytes = 64 * 4;
  const data = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const code = `
    @group(0) @binding(0) var<storage, read_write> data: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { data[id.x] *= 2; }`;
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: data } }],
  });

  device.queue.writeBuffer(
    data,
    0,
    Float32Array.from({ length: 64 }, (_, i) => i),
  );
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(data, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const doubled = [...new Float32Array(staging.getMappedRange())];
  device.destroy();

  const { vendor, architecture, description } = adapter.info;
  return { adapter: [vendor, architecture, description].join(' '), features: [...adapter.features], doubled };
}
