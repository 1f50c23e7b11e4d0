import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../support/root.ts';

/** Two folders, empty but for the installed package, as a newcomer has them. */
export interface Installed {
  readonly plain: string;
  /** The same with the optional package `webgpu`. */
  readonly withWebGpu: string;
}

/** Packs this repository and installs the package within `folder`. It has no dependencies, so that nothing is fetched. */
export async function installPackage(folder: string): Promise<Installed> {
  await run('npm', ['pack', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm pack left no tarball in ${folder}`);
  const [plain, withWebGpu] = [join(folder, 'plain'), join(folder, 'with-webgpu')];
  mkdirSync(plain);
  const options = ['--offline', '--no-audit', '--no-fund', '--omit=optional'];
  await run('npm', ['install', join(folder, tarball), ...options], plain);
  cpSync(plain, withWebGpu, { recursive: true });
  symlinkSync(join(root, 'node_modules/webgpu'), join(withWebGpu, 'node_modules/webgpu'), 'dir');
  return { plain, withWebGpu };
}

/** The first program under a heading of the README, exactly as it stands. */
export function programUnder(heading: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const program = /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
  if (!program) throw new Error(`README.md has no block of ts under "${heading}"`);
  return program;
}

/** What a program prints on stdout. A program that fails is an error with all that it said. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  // npm tells its scripts about itself in variables; a newcomer's shell has none of them.
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const settings = {
    cwd,
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    timeout: 120_000,
  };
  try {
    return (await promisify(execFile)(command, args, settings)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error([`${command} ${args.join(' ')} in ${cwd} failed: ${error}`, stdout, stderr].join('\n'));
  }
}
