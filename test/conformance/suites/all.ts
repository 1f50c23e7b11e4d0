import type { Suite } from '../suite.ts';
import { onnx } from './onnx.ts';
import { torch } from './torch.ts';
import { webnn } from './webnn.ts';

/** Every suite that the runner knows. A new one is a file beside this and an entry here. */
export const suites: readonly Suite[] = [webnn, torch, onnx];
