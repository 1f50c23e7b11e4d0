import { common } from './common.ts';
import { gpu } from './gpu.ts';
import { perceptron } from './perceptron.ts';
import { recurrent } from './recurrent.ts';

export const en = { common, sections: { perceptron, recurrent, gpu } };
