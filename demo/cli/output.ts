import { type Device, openDevice, type ProgramStats } from '../../src/index.ts';

/** Something that the user can put right: the message says all there is to say. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** What every command takes. */
export interface CommonOptions {
  readonly backend: 'auto' | 'webgpu' | 'cpu';
  readonly seed: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Where a command writes. With `--json` stdout belongs to the result, and everything else goes to stderr. */
export class Output {
  readonly stream: NodeJS.WriteStream;

  constructor(private readonly json: boolean) {
    this.stream = json ? process.stderr : process.stdout;
  }

  get columns(): number {
    return this.stream.columns ?? 80;
  }

  say(...lines: string[]): void {
    for (const line of lines.length > 0 ? lines : ['']) this.stream.write(`${line}\n`);
  }

  /** The machine-readable result: written with `--json` only. */
  result(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

/** Opens the device that was asked for and says which one it is, and why. */
export async function openAndTell(options: CommonOptions, output: Output): Promise<Device> {
  const device = await openDevice({ backend: options.backend });
  output.say(`Device: ${device.info.backend}, ${device.info.reason}.`);
  return device;
}

/** What the result says of the device. */
export function deviceResult({ info }: Device): Record<string, string | boolean> {
  return { backend: info.backend, name: info.name, software: info.software, reason: info.reason };
}

/** `A training step: 31 dispatches in 1 submit, 4.1 MB for values (9.0 MB without sharing), 120 Mflop` */
export function statsLine(what: string, stats: ProgramStats): string {
  const work = `${Math.round(stats.flops / 1e6).toLocaleString('en')} Mflop`;
  if (stats.submits === 0) return `${what}: ${stats.kernels.length} ops on the CPU reference, ${work}`;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return (
    `${what}: ${stats.dispatches} dispatches in ${stats.submits} submit${stats.submits === 1 ? '' : 's'}, ` +
    `${megabytes(stats.memoryBytes)} for values (${megabytes(stats.unsharedBytes)} without sharing), ${work}`
  );
}
