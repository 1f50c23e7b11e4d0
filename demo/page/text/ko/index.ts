import type { Text } from '../language.ts';
import { common } from './common.ts';
import { gpu } from './gpu.ts';
import { perceptron } from './perceptron.ts';
import { recurrent } from './recurrent.ts';

export const ko: Text = { common, sections: { perceptron, recurrent, gpu } };
