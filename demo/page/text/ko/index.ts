import type { Text } from '../language.ts';
import { activations } from './activations.ts';
import { backPropagation } from './backPropagation.ts';
import { common } from './common.ts';
import { convolution } from './convolution.ts';
import { digits } from './digits.ts';
import { gpu } from './gpu.ts';
import { normalisation } from './normalisation.ts';
import { perceptron } from './perceptron.ts';
import { recurrent } from './recurrent.ts';

export const ko: Text = {
  common,
  sections: { perceptron, activations, backPropagation, normalisation, convolution, digits, recurrent, gpu },
};
