import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ShaderError } from '../../core/errors.ts';
import type { KernelCall, Variant } from '../../graph/kernel.ts';

/** A shader ready to compile, with what its text tells of its bindings. */
export interface RenderedShader {
  readonly text: string;
  /** By binding number. */
  readonly bindings: readonly ('read' | 'readWrite' | 'uniform')[];
  /** Fields of `struct Params`, in order. */
  readonly params: readonly { readonly name: string; readonly type: 'u32' | 'i32' | 'f32' }[];
}

/** Fills the `${NAME}` holes of a .wgsl file and resolves its #if lines. Every name must be declared, and every one used. */
export function renderShader(source: string, variant: Variant, label = 'shader'): string {
  // text, name, text, name, …, text
  const parts = source.split(/\$\{(\w+)\}/);
  const texts = parts.filter((_, i) => i % 2 === 0);
  const names = parts.filter((_, i) => i % 2 === 1);
  const declared = Object.keys(variant);
  const missing = names.find((name) => !(name in variant));
  if (missing)
    throw new ShaderError(
      `${label}: the hole \${${missing}} is not filled (given: ${declared.join(', ') || 'none'})`,
    );
  const unused = declared.find((name) => !names.includes(name));
  if (unused)
    throw new ShaderError(
      `${label}: no hole \${${unused}} in the shader (its holes: ${names.join(', ') || 'none'})`,
    );
  const decided = names.find(
    (name, i) => /#(if|elif)\s*$/.test(texts[i]) && typeof variant[name] !== 'boolean',
  );
  if (decided) throw new ShaderError(`${label}: \${${decided}} decides an #if and must be a boolean`);
  const text = wgsl(texts, ...names.map((name) => variant[name]));
  const enabled = [
    ...(/\bf16\b/.test(text) ? ['f16'] : []),
    ...(/\bsubgroup[A-Z]/.test(text) ? ['subgroups'] : []),
  ];
  return [...enabled.map((feature) => `enable ${feature};`), text].join('\n');
}

/** Reads bindings and params off a rendered shader, so that they are written down once. */
export function inspectShader(text: string, label: string): RenderedShader {
  const code = text.replace(/\/\/.*$/gm, '');
  const bindings: ('read' | 'readWrite' | 'uniform')[] = [];
  const pattern = /@group\(0\)\s*@binding\((\d+)\)\s*var<(\w+)(?:\s*,\s*(\w+))?>/g;
  for (const [, number, space, access] of code.matchAll(pattern)) {
    bindings[Number(number)] =
      space === 'uniform' ? 'uniform' : access === 'read_write' ? 'readWrite' : 'read';
  }
  for (let i = 0; i < bindings.length; i++) {
    if (!bindings[i]) throw new ShaderError(`${label}: @binding(${i}) is missing\n${numbered(text)}`);
  }
  const body = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? '';
  const params = body
    .split(',')
    .map((field) => /^\s*(\w+)\s*:\s*(u32|i32|f32)\s*$/.exec(field))
    .filter((match) => match !== null)
    .map(([, name, type]) => ({ name, type: type as 'u32' | 'i32' | 'f32' }));
  if (params.length !== body.split(',').filter((field) => field.trim()).length) {
    throw new ShaderError(`${label}: fields of Params must be u32, i32 or f32\n${numbered(text)}`);
  }
  return { text, bindings, params };
}

/** The uniform words of a call, in the order of the shader's struct. */
export function encodeParams(call: KernelCall, shader: RenderedShader): ArrayBuffer {
  const given = call.params ?? {};
  const unknown = Object.keys(given).find((name) => !shader.params.some((param) => param.name === name));
  if (unknown) throw new ShaderError(`${call.label}: struct Params has no field "${unknown}"`);
  const words = new DataView(new ArrayBuffer(Math.max(16, Math.ceil(shader.params.length / 4) * 16)));
  shader.params.forEach(({ name, type }, i) => {
    const value = given[name];
    if (value === undefined) throw new ShaderError(`${call.label}: no value for "${name}" of struct Params`);
    if (type === 'f32') words.setFloat32(4 * i, value, true);
    else if (type === 'i32') words.setInt32(4 * i, value, true);
    else words.setUint32(4 * i, value, true);
  });
  return words.buffer as ArrayBuffer;
}

/** The text with line numbers, to go with a compiler's message. */
export function numbered(text: string): string {
  return text
    .split('\n')
    .map((line, i) => `${String(i + 1).padStart(4)} | ${line}`)
    .join('\n');
}
