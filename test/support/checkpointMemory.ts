/**
 * A process of its own, which trains a model of 10 million parameters with Adam for one step, saves and resumes the training, and prints what
 * that took of the host's memory: node test/support/launch.mjs test/support/checkpointMemory.ts <folder> <backend>
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  adam,
  type CheckpointStore,
  checkpoint,
  compileModel,
  fileStore,
  fit,
  meanSquaredError,
  openDevice,
} from '../../src/index.ts';
import { dense } from '../../src/layers.ts';

const [folder, backend] = process.argv.slice(2);
const units = 3162;
const name = 'large.safetensors';
const device = await openDevice({ backend: backend as 'cpu' | 'webgpu' });

async function makeModel(seed: number) {
  const network = dense(units);
  return compileModel(network, {
    device,
    seed,
    loss: meanSquaredError,
    optimizer: adam({ learningRate: 1e-4 }),
  });
}

/** Bytes in memory at most since the last call. Only Linux can forget a peak: elsewhere it is that of the whole process. */
function peakSince(): number {
  if (!existsSync('/proc/self/clear_refs')) return 1024 * process.resourceUsage().maxRSS;
  const status = readFileSync('/proc/self/status', 'utf8');
  writeFileSync('/proc/self/clear_refs', '5');
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
}

const x = { data: new Float32Array(units).fill(0.1), shape: [1, units] };
const y = { data: new Float32Array(units).fill(0.2), shape: [1, units] };
const settings = { epochs: 1, batchSize: 1 };
const store = fileStore(folder);

const model = await makeModel(1);
let saving = 0;
const measured: CheckpointStore = {
  ...store,
  async write(file, chunks) {
    peakSince();
    const before = process.memoryUsage().rss;
    await store.write(file, chunks);
    saving = peakSince() - before;
  },
};
await fit(model, { x, y }, { ...settings, checkpoint: checkpoint(measured, { name }) });
const file = statSync(join(folder, name)).size;
let beforeReading = 0;
let bytesRead = 0;
const counting: CheckpointStore = {
  ...store,
  async open(file) {
    peakSince();
    beforeReading = process.memoryUsage().rss;
    const source = await store.open(file);
    const read = (offset: number, length: number) => {
      bytesRead += length;
      return source?.read(offset, length) ?? Promise.resolve(new Uint8Array(length));
    };
    return source && { ...source, read };
  },
};
await fit(model, { x, y }, { ...settings, checkpoint: checkpoint(counting, { name, resume: true }) });
const reading = peakSince();
console.log(JSON.stringify({ file, saving, reading: reading - beforeReading, bytesRead }));
device.dispose();
