import { DeviceError, LimitError } from '../../core/errors.ts';
import type { MemoryUse } from '../backend.ts';

// The flags of GPUBufferUsage and GPUMapMode, which not every host defines as globals.
export const usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyDestination: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;
const mapModeRead = 0x1;

/** Makes buffers and knows how many there are. */
export class Memory {
  /** Beside the buffers, for `profiler.ts`, which imports nothing of this. */
  readonly usage = usage;
  private readonly live = new Set<GPUBuffer>();
  private bytes = 0;

  constructor(private readonly device: GPUDevice) {}

  get use(): MemoryUse {
    return { buffers: this.live.size, bytes: this.bytes };
  }

  create(label: string, bytes: number, flags: number): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (size > this.device.limits.maxBufferSize) {
      throw new LimitError(
        `${label} takes ${size} bytes, the adapter allows ${this.device.limits.maxBufferSize} for one buffer (maxBufferSize)`,
      );
    }
    const buffer = this.device.createBuffer({ label, size, usage: flags });
    this.live.add(buffer);
    this.bytes += size;
    return buffer;
  }

  free(buffer: GPUBuffer): void {
    if (!this.live.delete(buffer)) return;
    this.bytes -= buffer.size;
    buffer.destroy();
  }

  freeAll(): void {
    for (const buffer of [...this.live]) this.free(buffer);
  }

  /** Bytes of `buffer`, through a staging buffer made for this one reading. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const staging = this.create('staging', bytes, usage.mapRead | usage.copyDestination);
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      return await this.readMapped(staging, bytes);
    } finally {
      this.free(staging);
    }
  }

  /** Waits until `staging` can be read, and returns a copy of its first `bytes`. */
  async readMapped(staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    try {
      await staging.mapAsync(mapModeRead, 0, Math.ceil(bytes / 4) * 4);
    } catch (error) {
      throw new DeviceError(`reading results failed: ${error instanceof Error ? error.message : error}`);
    }
    const copy = staging.getMappedRange(0, Math.ceil(bytes / 4) * 4).slice(0, bytes);
    staging.unmap();
    return copy;
  }
}
