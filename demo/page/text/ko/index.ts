import type { Text } from '../language.ts';
import { activations } from './activations.ts';
import { backPropagation } from './backPropagation.ts';
import { common } from './common.ts';
import { normalisation } from './normalisation.ts';
import { perceptron } from './perceptron.ts';

export const ko: Text = { common, sections: { perceptron, activations, backPropagation, normalisation } };
