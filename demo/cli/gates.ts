import { gateInputs, gateTargets, type LearnedGate, learnGate } from '../models/gates.ts';
import { sparkline, table } from './draw.ts';
import { type CommonOptions, deviceResult, type Output, openAndTell } from './output.ts';

/** One perceptron learns OR and AND and cannot learn XOR; two layers can. */
export async function gates(options: CommonOptions, output: Output): Promise<void> {
  const device = await openAndTell(options, output);
  try {
    const { seed } = options;
    const results: LearnedGate[] = [];
    const learn = async (gate: LearnedGate['gate'], layers: 1 | 2) => {
      const result = await learnGate(device, gate, { layers, seed });
      results.push(result);
      show(result, output);
    };

    output.say(
      '',
      'A perceptron is y = sigmoid(w1 x1 + w2 x2 + b), a soft step: 0 on one side of a line, 1 on the other.',
    );
    output.say('Gradient descent turns and moves that line until the outputs are right, if it can.', '');
    await learn('OR', 1);
    await learn('AND', 1);
    await learn('XOR', 1);
    output.say(
      'Why: XOR is 1 in two opposite corners of the square and 0 in the other two, and no straight line parts them:',
      'b < 0, w1 + b > 0 and w2 + b > 0 add up to w1 + w2 + b > -b > 0, where XOR wants w1 + w2 + b < 0.',
      '',
      'A hidden layer draws several lines, and the output joins their sides:',
      '',
    );
    await learn('XOR', 2);
    output.result({ command: 'gates', device: deviceResult(device), seed, gates: results });
  } finally {
    device.dispose();
  }
}

function show({ gate, layers, learned, outputs, loss, curve, line }: LearnedGate, output: Output): void {
  const who = layers === 1 ? 'One perceptron' : 'Two layers';
  output.say(`${gate}. ${who} ${learned ? 'learned it' : 'did not learn it'}.`);
  const rows = gateInputs.map(([x1, x2], i) => {
    const target = gateTargets[gate][i];
    const isRight = outputs[i] > 0.5 === target > 0.5;
    return [`  ${x1}   ${x2}`, target, outputs[i].toFixed(3), isRight ? 'right' : 'wrong'];
  });
  output.say(...table([['  x1  x2', 'wanted', 'output', ''], ...rows]));
  if (line) output.say(`  line: ${lineText(line)}`);
  output.say(`  loss: ${sparkline(curve)} ${curve[0].toFixed(3)} -> ${loss.toFixed(3)}`, '');
}

/** `8.67 x1 + 8.67 x2 - 3.87 = 0` */
function lineText([w1, w2, b]: readonly [number, number, number]): string {
  const term = (value: number) => `${value < 0 ? '-' : '+'} ${Math.abs(value).toFixed(2)}`;
  const isLine = Math.abs(w1) + Math.abs(w2) > 0.005;
  return `${w1.toFixed(2)} x1 ${term(w2)} x2 ${term(b)} = 0${isLine ? '' : ' (both weights went to 0: there is none)'}`;
}
