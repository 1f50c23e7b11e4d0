export const normalisation = {
  short: 'Batch norm, dropout',
  title: 'Keeping a network in shape',
  intro: [
    'The same network, four times: as it is, with batch normalisation, with dropout, with both. All have three hidden layers of 24 tanh units, the same first weights and the same batches: 48 points of two moons, with much noise. **Learning these 48 by heart is easy, and wrong**: 240 other points, which no training sees, show it.',
    '**Batch normalisation** gives what comes into each activation a mean of 0 and a variance of 1, unit by unit, over the samples of the batch. **Dropout** switches units off at random in every step, so that none can rely on another.',
  ],
  variants: { plain: 'plain', batchNorm: 'batch norm', dropout: 'dropout', both: 'both' },
  plane: 'What the network answers in the plane, with the 48 points that it learns from: {variant}',
  trainingLoss: 'Training loss',
  validationLoss: 'Validation loss',
  validationAccuracy: 'Validation accuracy',
  trainingCurves: 'Loss on the 48 points of the training',
  validationCurves: 'Loss on 240 other points',
  histograms:
    'What comes into the activations of each layer in this batch, from −4 to 4; σ is the standard deviation',
  layerName: 'layer {n}',
  layer: 'Look into',
  dropoutRate: 'Dropout rate',
  spread: 'Weight spread',
  atFirst:
    'Nothing is trained yet. Look at the histograms: batch normalisation has put its layers in order already.',
  running: 'Training four networks side by side.',
  finished:
    'Validation loss at the end: plain **{plain}**, batch norm **{batchNorm}**, dropout **{dropout}**, both **{both}**.',
  inside: 'In training, and in prediction',
  difference: [
    'Batch normalisation does two different things. **In training** it goes by the mean and the variance of the batch, so that what a sample gives depends on the others beside it. On the way it keeps running averages. **In prediction** it goes by those: one sample alone gets one answer.',
    'Dropout drops in training only. Those units that stay count for more, so that the sum stays the same on average; in prediction all of them are there.',
  ],
  statistics: {
    caption: 'The first six units of this layer, in the network with batch norm',
    unit: 'unit',
    batchMean: 'batch mean',
    runningMean: 'running mean',
    batchVariance: 'batch variance',
    runningVariance: 'running variance',
    first:
      'The first point of the batch gets a probability of **{training}** in training, among the others of the batch, and of **{prediction}** in prediction.',
  },
  mask: {
    figure:
      'Dropout’s mask of this layer for this step: a column for each unit, a row for each sample; grey is off',
    off: '{off} of {all} are off ({share} %); each that stays is multiplied by {factor}.',
  },
  try: [
    'Train, and compare the two charts: the plain network ends with the lowest loss on the points that it knows, and the highest on those that it does not. That is overfitting.',
    'Set the weight spread to 0.3: without batch norm, little arrives at layer 3.',
    'Set it to 3: many values lie far from zero, where tanh is saturated. Batch norm does not mind.',
    'Press `One step` again and again: the mask is another each time, and the running mean creeps after that of the batch.',
    'Raise the dropout rate to 0.7. When does it learn too little?',
  ],
};
