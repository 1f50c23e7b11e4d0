import { common } from './common.ts';
import { convolution } from './convolution.ts';
import { digits } from './digits.ts';
import { perceptron } from './perceptron.ts';

export const en = { common, sections: { perceptron, convolution, digits } };
