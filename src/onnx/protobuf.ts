import { PbfReader } from 'pbf';
import { FormatError } from '../core/errors.ts';

// The wire format: https://protobuf.dev/programming-guides/encoding. Varints and numbers are read by the package `pbf`; every length is
// checked against the bytes that are there before it is followed, so that damaged bytes cannot make it run on or allocate.

/** Messages within messages: a graph within an attribute of a node of a graph is three deep. */
const deepest = 200;

/** The value of one field of a message. */
export class Field {
  constructor(
    private readonly reader: PbfReader,
    private readonly depth: number,
  ) {}

  /** An int32, int64, uint64, bool or enum. */
  int(): number {
    this.expect(0);
    return this.reader.readVarint(true);
  }

  float(): number {
    this.expect(5);
    this.ensure(4);
    return this.reader.readFloat();
  }

  bytes(): Uint8Array {
    this.expect(2);
    const length = this.reader.readVarint();
    this.ensure(length);
    const { pos, buf } = this.reader;
    this.reader.pos = pos + length;
    return buf.subarray(pos, pos + length);
  }

  string(): string {
    return new TextDecoder().decode(this.bytes());
  }

  message<T>(result: T, fields: FieldReaders<T>): T {
    return readMessage(this.bytes(), result, fields, this.depth + 1);
  }

  /** Adds the numbers of a repeated field, packed or not. */
  ints(to: number[], signed = true): void {
    this.repeated(0, () => to.push(signed ? this.reader.readVarint(true) : this.reader.readVarint()));
  }

  floats(to: number[]): void {
    this.repeated(5, () => to.push(this.reader.readFloat()));
  }

  doubles(to: number[]): void {
    this.repeated(1, () => to.push(this.reader.readDouble()));
  }

  private repeated(type: number, read: () => void): void {
    if (this.reader.type !== 2) {
      this.expect(type);
      read();
      return;
    }
    const length = this.reader.readVarint();
    this.ensure(length);
    const end = this.reader.pos + length;
    while (this.reader.pos < end) read();
    if (this.reader.pos !== end) throw new FormatError('a packed field ends within a number');
  }

  private ensure(length: number): void {
    if (!(length <= this.reader.length - this.reader.pos)) {
      throw new FormatError(
        `cut off: ${length} bytes are announced, ${this.reader.length - this.reader.pos} are left`,
      );
    }
  }

  private expect(type: number): void {
    if (this.reader.type !== type)
      throw new FormatError(`a field has wire type ${this.reader.type}, expected ${type}`);
  }
}

/** What to do with the fields of a message, by number; others are skipped. */
export type FieldReaders<T> = Readonly<Record<number, (result: T, field: Field) => void>>;

/**
 * Reads a message's fields into `result`.
 *
 * @throws FormatError where the bytes are cut off or are no message.
 */
export function readMessage<T>(bytes: Uint8Array, result: T, fields: FieldReaders<T>, depth = 0): T {
  if (depth > deepest) throw new FormatError(`messages lie more than ${deepest} deep within each other`);
  const reader = new PbfReader(bytes);
  const field = new Field(reader, depth);
  try {
    while (reader.pos < reader.length) {
      const number = reader.nextField();
      if (number === 0) throw new FormatError('a field has the number 0');
      const start = reader.pos;
      fields[number]?.(result, field);
      if (reader.pos === start) reader.skip(reader.type);
      if (reader.pos > reader.length) throw new FormatError('cut off within a field');
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`damaged, or no ONNX file: ${error instanceof Error ? error.message : error}`);
  }
  return result;
}
