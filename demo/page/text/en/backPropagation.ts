export const backPropagation = {
  short: 'Back-propagation',
  title: 'Learning, one small correction at a time',
  intro: [
    'A network begins with random weights. Then it repeats four things: the points go **forward** through it; a **loss** says how wrong the answers are; the **gradient** says, for each weight, in which direction the loss grows; an **update** moves every weight a little the other way.',
    'Working out the gradient from the loss back to the first layer is back-propagation. `One step` goes through it phase by phase, with the numbers of this network; `Train` lets it run.',
  ],
  plane:
    'The plane of the two inputs with points of two classes. The colour shows what the network answers. Press a point to follow it through the network.',
  diagram: 'The network. Each unit shows what it gives for the chosen point; each edge is a weight.',
  more: 'and {n} more',
  edge: 'weight {weight}, gradient {gradient}',
  data: 'Points',
  sets: { circle: 'circle', moons: 'two moons', spiral: 'spiral', clouds: 'XOR clouds' },
  sample: 'Chosen point',
  edges: 'Edges show',
  edgeValues: { weights: 'weights', gradients: 'gradients' },
  gradientNorm: 'Length of the gradient',
  loop: 'The loop of training',
  phases: {
    initialise: 'Initialise',
    forward: 'Forward',
    loss: 'Loss',
    gradient: 'Gradient',
    update: 'Update',
  },
  explained: {
    initialise:
      'The network has **{parameters} parameters**. Its weights are drawn at random: here they lie between {low} and {high}. Blue edges are positive, orange ones negative.',
    forward:
      'The chosen point ({x1}, {x2}) goes in from the left. Each unit adds up its inputs times their weights, and bends the sum. The last one gives {logit}; the sigmoid makes of it a **probability of {probability}** for class 1.',
    loss: 'The point is of class {class}, to which the network gives {right}. Its loss is −log({right}) = **{sampleLoss}**. The mean over all {points} points is {loss}: that is what training brings down.',
    gradient:
      'By the chain rule, from the last layer back to the first. The edges now show gradients. If the dashed weight grew by a little, the loss would change by **{gradient}** times as much. All {parameters} derivatives together make a vector of length {norm}.',
    update:
      'The optimizer moves each parameter against its gradient. The dashed weight went from {weightBefore} to **{weight}**; the loss went from {lossBefore} to **{loss}**. And forward again.',
  },
  running:
    'Forward, loss, gradient, update, and again. `Pause` stops the loop; `One step` then goes on by phases.',
  finished: '**{accuracy}** of the points are on the right side after {steps} steps.',
  curve: 'The loss over the steps',
  compare: 'Compare optimizers',
  comparison: 'The loss of the same network, from the same weights, with four optimizers (logarithmic)',
  optimizer: '{name}, rate {rate}',
  optimizers: { sgd: 'SGD', momentum: 'SGD with momentum', rmsprop: 'RMSprop', adam: 'Adam' },
  began: 'All began with a loss of {losses}. After {steps} steps:',
  missing: 'The code must export a `{name}`: `export const {name} = …`',
  diverged: 'the loss is no finite number any more; try a smaller learning rate',
  try: [
    'Press `One step` a few times and follow one weight. Then choose another point: its forward pass is another, the gradient is not, for it is the mean over all points.',
    'In the code, take away the hidden layers (leave `dense(1)`). On the circle nothing helps then: one line is all it has.',
    'Replace `tanh` by `sigmoid` (also in the first line). How many steps more does the spiral take?',
    'Set the learning rate to 1, or to 0.0001.',
    'Let the edges show gradients while it trains: they thin out as the loss falls.',
  ],
};
