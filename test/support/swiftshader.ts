/**
 * WebGPU for machines without a GPU and without root. The npm package @sparticuz/chromium carries a headless Chromium
 * and SwiftShader (Vulkan on the CPU) as brotli files; this unpacks both once. The package's own loader is not used:
 * it unpacks into the system's temporary folder and changes the environment of the process that imports it.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cache } from './root.ts';

export interface SwiftShader {
  chromiumPath: string;
  /** The folder of libvulkan.so.1 and libvk_swiftshader.so. */
  libraryPath: string;
  /** What the Vulkan loader reads to find the driver. */
  icdPath: string;
  /** For Node and Deno; it must be there when the process starts. */
  env: Record<string, string>;
  /** For Chromium: also the system libraries it wants and a bare machine lacks. */
  chromiumEnv: Record<string, string>;
}

/** SwiftShader and Chromium, or null where the package has no binaries for this machine. */
export function unpackSwiftShader(): SwiftShader | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  // Its main file is build/cjs/index.cjs; the package exports no other path.
  const packageFolder = dirname(
    dirname(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'))),
  );
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = join(cache, `chromium-${version}`);
  if (!existsSync(folder)) unpackInto(folder, join(packageFolder, 'bin'));

  const icdPath = join(folder, 'vk_swiftshader_icd.json');
  const withOthers = (...folders: string[]) =>
    [...folders, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  return {
    chromiumPath: join(folder, 'chromium'),
    libraryPath: folder,
    icdPath,
    env: { LD_LIBRARY_PATH: withOthers(folder), VK_ICD_FILENAMES: icdPath },
    chromiumEnv: { LD_LIBRARY_PATH: withOthers(folder, join(folder, 'lib')), VK_ICD_FILENAMES: icdPath },
  };
}

/** Unpacks beside `folder` and renames at the end: whoever sees `folder` sees all of it, also when two unpack at once. */
function unpackInto(folder: string, binaries: string): void {
  const unpack = (name: string) => brotliDecompressSync(readFileSync(join(binaries, `${name}.br`)));
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(join(draft, 'chromium'), unpack('chromium'), { mode: 0o755 });
    for (const archive of ['swiftshader.tar', 'al2023.tar']) untar(unpack(archive), draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Plain files of a ustar archive: blocks of 512 bytes, a header (name, size in octal at 124) before each file's data. */
function untar(archive: Buffer, folder: string): void {
  const text = (from: number, length: number) =>
    archive.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; archive[at]; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const path = join(folder, text(at, 100));
    const type = text(at + 156, 1);
    if (type === '0' || type === '') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, archive.subarray(at + 512, at + 512 + size), { mode: 0o755 });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
