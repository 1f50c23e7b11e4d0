import {
  type Device,
  type DeviceInfo,
  openDevice,
  type Profile,
  type Program,
  type ProgramStats,
  profileTrace,
  shareOfRoof,
} from 'tensorloom';
import { built, type OpVerdict, verdictOn } from '../../cli/verifyOps.ts';
import { samples } from '../../cli/verifySamples.ts';
import { type LenetStep, lenetStep } from '../../models/lenet.ts';
import { Queue } from '../worker/queue.ts';

export interface AdapterDescription {
  readonly info: DeviceInfo;
  /** All that the adapter has, whether tensorloom asks for it or not. */
  readonly features: readonly string[];
  readonly limits: readonly AdapterLimit[];
}

export interface AdapterLimit {
  readonly name: string;
  readonly adapter: number;
  /** What every adapter with WebGPU has. */
  readonly usual: number;
}

/** One op of each family of kernels, and the training step below. */
const families = [
  'gelu',
  'add',
  'sum',
  'softmax',
  'matmul',
  'conv2d',
  'depthwiseConv2d',
  'conv2dTranspose',
  'maxPool2d',
  'batchNorm',
  'layerNorm',
  'softmaxCrossEntropy',
  'embedding',
  'transpose',
  'cumulativeSum',
  'topK',
  'dropout',
  'rnn',
  'lstm',
  'gru',
];

const trainingStep = 'trainingStep';

/** Images of the training step that is verified: the reference takes its time. */
const verifiedBatch = 4;
const batch = 64;

export interface StepCosts {
  readonly stats: ProgramStats;
  /** Buffers that the device had more after a step than before it. */
  readonly newBuffers: number;
}

export interface KernelRow {
  readonly label: string;
  readonly path: string;
  readonly milliseconds: number;
  /** Of the time of all kernels, 0 to 1. */
  readonly share: number;
  readonly bytes: number;
  readonly flops: number;
  /** Of what this adapter does at best, 0 to 1. */
  readonly ofRoof: number | null;
}

export interface ProfileReading {
  readonly kernels: readonly KernelRow[];
  readonly milliseconds: number;
  readonly clock: Profile['clock'];
  readonly roof: Profile['roof'];
  /** For a trace viewer. */
  readonly trace: string;
}

/** Describes the adapter, verifies ops on it, and profiles a training step. */
export function createJob() {
  let device: Promise<Device> | null = null;
  let step: Promise<{ program: Program<'loss'>; feeds: LenetStep['feeds'] }> | null = null;
  let turn = 0;
  // A profile is of no use while something else runs on the device.
  const queue = new Queue();

  const open = () => {
    device ??= openDevice({ backend: 'webgpu' });
    return device;
  };
  const compiled = () => {
    step ??= open().then(async (on) => {
      const { loss, updates, feeds } = lenetStep(batch);
      return { program: await on.compile({ outputs: { loss }, updates }), feeds };
    });
    return step;
  };

  return {
    async describe(): Promise<AdapterDescription> {
      const { info } = await open();
      const adapter = await navigator.gpu.requestAdapter(
        info.software ? undefined : { powerPreference: 'high-performance' },
      );
      if (!adapter) return { info, features: [], limits: [] };
      const limits = limitsOf(adapter.limits);
      // A device that asks for nothing has the limits that all have.
      const plain = await adapter.requestDevice();
      const usual = limitsOf(plain.limits);
      plain.destroy();
      return {
        info,
        features: [...adapter.features].sort(),
        limits: [...limits].map(([name, value]) => ({
          name,
          adapter: value,
          usual: usual.get(name) ?? Number.NaN,
        })),
      };
    },
    /** Verifies op by op until it is done or stopped; whether it was done. */
    async verify(
      which: 'families' | 'all',
      tell: (verdict: OpVerdict, done: number, total: number) => Promise<void> | void,
    ): Promise<boolean> {
      const mine = ++turn;
      const names = [...(which === 'all' ? Object.keys(samples) : families), trainingStep];
      for (const [i, name] of names.entries()) {
        const { outputs, feeds } = name === trainingStep ? verifiedStep() : built(samples[name]);
        const on = await open();
        const verdict = await queue.add(() => verdictOn(on, name, outputs, feeds));
        if (mine !== turn) return false;
        await tell(verdict, i + 1, names.length);
        // The page may want to stop it.
        await new Promise((resolve) => setTimeout(resolve));
      }
      return mine === turn;
    },
    stop() {
      turn++;
    },
    async costs(): Promise<StepCosts> {
      const { program, feeds } = await compiled();
      return queue.add(async () => {
        await program.run(feeds);
        const before = program.device.memory.buffers;
        await program.run(feeds);
        return { stats: program.stats, newBuffers: program.device.memory.buffers - before };
      });
    },
    async profile(): Promise<ProfileReading> {
      const { program, feeds } = await compiled();
      const profile = await queue.add(() => program.profile(feeds));
      const { kernels, milliseconds, clock, roof } = profile;
      return {
        clock,
        roof,
        milliseconds,
        trace: profileTrace(profile),
        kernels: kernels.map((kernel) => ({
          label: kernel.label,
          path: kernel.path,
          milliseconds: kernel.milliseconds,
          share: kernel.milliseconds / milliseconds,
          bytes: kernel.bytes,
          flops: kernel.flops,
          ofRoof: shareOfRoof(kernel, profile),
        })),
      };
    },
  };
}

function verifiedStep() {
  const { loss, feeds } = lenetStep(verifiedBatch);
  return { outputs: { loss }, feeds };
}

function limitsOf(limits: GPUSupportedLimits): Map<string, number> {
  const found = new Map<string, number>();
  // They are getters of the prototype, which only this loop finds.
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') found.set(name, value);
  }
  return found;
}
