export const perceptron = {
  short: 'Perceptron',
  title: 'One neuron draws one line',
  intro: [
    'A neuron weighs its inputs, adds a bias and bends the sum: `y = f(w₁x₁ + w₂x₂ + b)`. Where the sum is zero lies a straight line; on one side of it the neuron says yes, on the other no.',
    'OR and AND need no more than that. For XOR, the two corners that mean yes lie across from each other, and **no straight line parts them**. A second layer takes several lines and combines them.',
  ],
  figure:
    'The plane of the two inputs. The four corners are the rows of the truth table; the colour shows what the network answers.',
  handle: 'Decision line: drag it, or use the sliders',
  gate: 'Gate',
  network: 'Network',
  networks: { one: 'one neuron', two: 'two layers, 8 hidden units' },
  activation: 'Activation',
  activations: {
    step: 'step',
    sigmoid: 'sigmoid',
    tanh: 'tanh',
    relu: 'ReLU',
    identity: 'identity',
  },
  weight: 'w{n}',
  bias: 'b',
  table: { caption: 'Truth table', input: 'x₁ x₂', wanted: 'wanted', answer: 'answer' },
  solved: '**Solved**: all four answers are on the right side of ½.',
  unsolved:
    'The training is over, and one answer at least is wrong: whatever the weights, one line cannot do it. Choose two layers.',
  unsolvedGate: 'The training is over, and one answer at least is wrong. Try again, or another activation.',
  byHand: 'Move the line yourself, or let it be trained.',
  rule: 'The step has slope zero, so there is no gradient: it is trained with Rosenblatt’s rule.',
  try: [
    'Solve OR by hand, then AND: the line only has to move.',
    'Train XOR with one neuron and every activation. Then take two layers.',
    'The step has slope zero everywhere: gradient descent cannot move it. It learns by Rosenblatt’s rule (1958), which goes by the error alone.',
  ],
};
