import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import {
  type Device,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  type StoredTensor,
  type TensorFile,
  type Variable,
} from '../../src/index.ts';
import { CommandError } from './output.ts';

/** What the system says when a file cannot be used, in words. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EIO: 'the disk reports an error',
};

function fileError(action: string, path: string, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new CommandError(`cannot ${action} ${path}: ${reason}`, { cause: error });
}

/** A name for a file beside `path` that no other process takes. */
function draftOf(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}

/** Throws where `path` cannot be written: better before training than after it. */
export async function checkWritable(path: string): Promise<void> {
  const draft = draftOf(path);
  try {
    const there = await stat(path).catch(() => null);
    if (there && !there.isFile()) throw new Error('it is there and no regular file');
    await (await open(draft, 'wx')).close();
    await rm(draft);
  } catch (error) {
    throw fileError('write', path, error);
  }
}

/** Writes all of the file or nothing: to a file beside it, which then takes its name. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = draftOf(path);
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw fileError('write', path, error);
  }
}

/** Reads `variables` from the device and writes them to `path` as safetensors. Returns the file's size in bytes. */
export async function saveWeights(
  path: string,
  device: Device,
  variables: readonly Variable[],
  metadata: Readonly<Record<string, string>>,
): Promise<number> {
  const tensors: Record<string, StoredTensor> = {};
  for (const variable of variables) {
    const { name, shape, dtype } = variable;
    const data = await device.read(variable);
    if (!data.every((value) => Number.isFinite(value))) {
      throw new CommandError(`${path} is not written: ${name} holds numbers that are not finite`);
    }
    tensors[name] = { shape, dtype, data };
  }
  const bytes = encodeSafetensors(tensors, metadata);
  await writeWhole(path, bytes);
  return bytes.length;
}

export async function readTensorFile(path: string): Promise<TensorFile> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError('read', path, error);
  });
  try {
    return decodeSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new CommandError(
      `${path} is no safetensors file that can be read: ${error.message.replace(/^\w+: /, '')}`,
      {
        cause: error,
      },
    );
  }
}

/** Writes the file's tensors to the variables of the same names. Throws unless names, dtypes and shapes are the same. */
export function loadWeights(
  path: string,
  { tensors }: TensorFile,
  device: Device,
  variables: readonly Variable[],
): void {
  const missing = variables.filter(({ name }) => !Object.hasOwn(tensors, name)).map(({ name }) => name);
  const unexpected = Object.keys(tensors).filter(
    (name) => !variables.some((variable) => variable.name === name),
  );
  const different = variables.flatMap(({ name, shape, dtype }) => {
    if (!Object.hasOwn(tensors, name)) return [];
    const found = tensors[name];
    const [given, expected] = [found, { shape, dtype }].map(
      (spec) => `${spec.dtype} [${spec.shape.join(', ')}]`,
    );
    return given === expected ? [] : [`${name} is ${given} instead of ${expected}`];
  });
  const problems = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`unexpected: ${unexpected.join(', ')}`] : []),
    ...different,
  ];
  if (problems.length > 0) throw new CommandError(`${path} does not fit the network: ${problems.join('; ')}`);
  for (const variable of variables) device.write(variable, tensors[variable.name].data);
}
