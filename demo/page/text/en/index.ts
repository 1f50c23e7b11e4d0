import { common } from './common.ts';
import { perceptron } from './perceptron.ts';

export const en = { common, sections: { perceptron } };
