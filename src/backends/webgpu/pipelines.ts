import { ShaderError } from '../../core/errors.ts';
import type { KernelCall, Variant } from '../../graph/kernel.ts';
import { inspectShader, numbered, type RenderedShader, renderShader } from './shader.ts';

export interface Pipeline {
  readonly shader: RenderedShader;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles each distinct kernel once per device, asynchronously. */
export class PipelineCache {
  private readonly pipelines = new Map<string, Promise<Pipeline>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly texts = new WeakMap<Variant, { readonly source: string; readonly text: string }>();
  private readonly rendered = new Map<string, RenderedShader>();

  constructor(private readonly device: GPUDevice) {}

  /** `path` is the node's, for messages. */
  get(call: KernelCall, path: string): Promise<Pipeline> {
    const label = `${path}: kernel ${call.label}`;
    const text = this.render(call, label);
    const key = `${text}\n${JSON.stringify(call.constants ?? {})}`;
    let pipeline = this.pipelines.get(key);
    if (!pipeline) {
      pipeline = this.create(call, this.inspect(text, label), label);
      this.pipelines.set(key, pipeline);
      pipeline.catch(() => this.pipelines.delete(key));
    }
    return pipeline;
  }

  /** The filled text. Calls that share a variant, such as the steps of a loop, are rendered once. */
  private render({ source, variant }: KernelCall, label: string): string {
    const known = this.texts.get(variant);
    if (known?.source === source) return known.text;
    const text = renderShader(source, variant, label);
    this.texts.set(variant, { source, text });
    return text;
  }

  private inspect(text: string, label: string): RenderedShader {
    let shader = this.rendered.get(text);
    if (!shader) {
      shader = inspectShader(text, label);
      this.rendered.set(text, shader);
    }
    return shader;
  }

  private async create(call: KernelCall, shader: RenderedShader, label: string): Promise<Pipeline> {
    const layout = this.layoutFor(shader);
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: call.label, code: shader.text });
    const scope = this.device.popErrorScope();
    try {
      const pipeline = await this.device.createComputePipelineAsync({
        label: call.label,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main', constants: { ...call.constants } },
      });
      await scope;
      return { shader, pipeline, layout };
    } catch (error) {
      const info = await module.getCompilationInfo();
      const reason = (await scope)?.message ?? (error instanceof Error ? error.message : String(error));
      const messages = info.messages.map(
        ({ type, lineNum, linePos, message }) => `${type} at ${lineNum}:${linePos}: ${message.trim()}`,
      );
      // Where the compiler found nothing wrong, the reason lies in how the shader is used.
      if (!info.messages.some(({ type }) => type === 'error')) messages.push(reason);
      throw new ShaderError(
        `${label}: the shader does not compile\n${messages.join('\n')}\n${numbered(shader.text)}`,
      );
    }
  }

  private layoutFor(shader: RenderedShader): GPUBindGroupLayout {
    const key = shader.bindings.join();
    let layout = this.layouts.get(key);
    if (!layout) {
      const types = { read: 'read-only-storage', readWrite: 'storage', uniform: 'uniform' } as const;
      layout = this.device.createBindGroupLayout({
        entries: shader.bindings.map((kind, binding) => ({
          binding,
          visibility: 0x4, // GPUShaderStage.COMPUTE, which not every host defines as a global
          buffer: { type: types[kind] },
        })),
      });
      this.layouts.set(key, layout);
    }
    return layout;
  }
}
