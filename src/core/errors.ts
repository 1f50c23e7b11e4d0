/**
 * Every error that tensorloom throws on purpose is one of these classes, so that a caller can tell a mistake in a
 * model (`ShapeError`) from a machine without WebGPU (`NoAdapterError`) without reading the message.
 */
export class TensorloomError extends Error {
  override name = 'TensorloomError';
}

/**
 * Lets the stack of one of our errors begin where `entry` was called. Hosts keep ten lines of it, and some the message as it was
 * first: the user's line and the full message matter most. Other errors stay as they are. Returns the error.
 */
export function asOfCall(entry: (...args: never[]) => unknown, error: unknown): unknown {
  if (error instanceof TensorloomError) Error.captureStackTrace?.(error, entry);
  return error;
}

/** A rank, shape, axis, stride or other attribute that does not fit. Thrown at the line that calls the op. */
export class ShapeError extends TensorloomError {
  override name = 'ShapeError';
}

/** A tensor has an element type that the op does not take. */
export class DTypeError extends TensorloomError {
  override name = 'DTypeError';
}

/** A graph is put together wrongly: tensors of two graphs, a duplicate name, no path from loss to parameter. */
export class GraphError extends TensorloomError {
  override name = 'GraphError';
}

/** Data handed to `run` is missing, has the wrong length or type, or names no input of the program. */
export class FeedError extends TensorloomError {
  override name = 'FeedError';
}

/** This host offers no usable adapter. The message says what to install or enable. */
export class NoAdapterError extends TensorloomError {
  override name = 'NoAdapterError';
}

/** A tensor or a kernel needs more than the adapter grants. Thrown before any GPU work. */
export class LimitError extends TensorloomError {
  override name = 'LimitError';
}

/** A shader did not compile: the compiler's message with the rendered source. */
export class ShaderError extends TensorloomError {
  override name = 'ShaderError';
}

/** The device was lost or disposed, or reported an error of its own. */
export class DeviceError extends TensorloomError {
  override name = 'DeviceError';
}

/** Bytes are not a file of the format they are read as: cut off, damaged, or of another kind. */
export class FormatError extends TensorloomError {
  override name = 'FormatError';
}

/** A checkpoint could not be written or read: no space, no permission, no such place. What was there before is still there. */
export class StorageError extends TensorloomError {
  override name = 'StorageError';
}

/** A training cannot begin as it is asked for, or had to stop; `at` tells where. The model keeps its parameters. */
export class TrainingError extends TensorloomError {
  override name = 'TrainingError';
  constructor(
    message: string,
    /** Steps that were done, and the epoch of the last, from 1; both 0 where the training did not begin. */
    readonly at: { readonly step: number; readonly epoch: number } = { step: 0, epoch: 0 },
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A value became NaN or infinite; `operation` names the first op that produced it, where that is known. */
export class NonFiniteError extends TensorloomError {
  override name = 'NonFiniteError';
  constructor(
    message: string,
    readonly operation: string | null,
  ) {
    super(message);
  }
}
