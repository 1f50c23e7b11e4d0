/** Bytes that are read piece by piece: of a file, a blob, a record of a database, or memory. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Reads exactly `length` bytes from `offset` on. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Lets go of what the source holds open. */
  close?(): Promise<void>;
}

/** Bytes in memory as a source. What is read is a copy. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
  };
}

/** A `Blob` or `File` as a source: what an input element or a drop gives. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
