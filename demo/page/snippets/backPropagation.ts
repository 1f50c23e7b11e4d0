import { adam, tanh } from 'tensorloom';
import { dense, sequential } from 'tensorloom/layers';

export const network = sequential([
  // Two inputs come in.
  dense(6, { activation: tanh }),
  dense(6, { activation: tanh }),
  // The logit of class 1 goes out.
  dense(1),
]);
export const optimizer = adam({ learningRate: 0.03 });

// What each step does with them:
// const { output } = forward(network, points);
// const loss =
//   binaryCrossEntropyWithLogits(output, classes);
// const updates = optimizer.minimize(loss);
