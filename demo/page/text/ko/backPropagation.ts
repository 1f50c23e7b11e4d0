import type { Text } from '../language.ts';

export const backPropagation: Text['sections']['backPropagation'] = {
  short: '역전파',
  title: '조금씩 고치며 배운다',
  intro: [
    '신경망은 무작위 가중치에서 시작합니다. 그다음 네 가지를 되풀이합니다. 점들이 신경망을 **순방향**으로 지나가고, **손실**은 답이 얼마나 틀렸는지를 말하고, **그래디언트**는 가중치마다 손실이 커지는 방향을 말하고, **갱신**은 모든 가중치를 그 반대쪽으로 조금 옮깁니다.',
    '손실에서 첫 층까지 거슬러 올라가며 그래디언트를 구하는 것이 역전파입니다. `한 단계`는 이 신경망의 실제 숫자로 국면을 하나씩 보여 주고, `학습 시작`은 계속 돌립니다.',
  ],
  plane:
    '두 입력의 평면과 두 클래스의 점. 색은 신경망의 답을 나타냅니다. 점을 누르면 그 점이 신경망을 지나가는 것을 볼 수 있습니다.',
  diagram: '신경망. 각 유닛은 고른 점에 대한 출력을 보여 주고, 각 선은 가중치입니다.',
  more: '외 {n}개',
  edge: '가중치 {weight}, 그래디언트 {gradient}',
  data: '점',
  sets: { circle: '원', moons: '두 초승달', spiral: '나선', clouds: 'XOR 구름' },
  sample: '고른 점',
  edges: '선이 나타내는 것',
  edgeValues: { weights: '가중치', gradients: '그래디언트' },
  gradientNorm: '그래디언트의 길이',
  loop: '학습의 반복',
  phases: {
    initialise: '초기화',
    forward: '순방향',
    loss: '손실',
    gradient: '그래디언트',
    update: '갱신',
  },
  explained: {
    initialise:
      '이 신경망의 **매개변수는 {parameters}개**입니다. 가중치는 무작위로 뽑으며 여기서는 {low}에서 {high} 사이에 있습니다. 파란 선은 양수, 주황 선은 음수입니다.',
    forward:
      '고른 점 ({x1}, {x2})이 왼쪽에서 들어갑니다. 각 유닛은 입력에 가중치를 곱해 더한 뒤 그 합을 구부립니다. 마지막 유닛의 출력은 {logit}이고, 시그모이드를 거치면 클래스 1일 **확률 {probability}**이 됩니다.',
    loss: '이 점의 클래스는 {class}이고, 신경망이 여기에 준 확률은 {right}입니다. 손실은 −log({right}) = **{sampleLoss}**입니다. 점 {points}개의 평균은 {loss}이며, 학습은 이 값을 줄입니다.',
    gradient:
      '연쇄 법칙으로 마지막 층에서 첫 층까지 거슬러 올라갑니다. 이제 선은 그래디언트를 나타냅니다. 점선의 가중치를 조금 늘리면 손실은 그 **{gradient}**배만큼 변합니다. 미분값 {parameters}개를 모두 모은 벡터의 길이는 {norm}입니다.',
    update:
      '옵티마이저가 모든 매개변수를 그래디언트의 반대쪽으로 옮깁니다. 점선의 가중치는 {weightBefore}에서 **{weight}**로, 손실은 {lossBefore}에서 **{loss}**로 바뀌었습니다. 그리고 다시 순방향입니다.',
  },
  running:
    '순방향, 손실, 그래디언트, 갱신을 되풀이합니다. `일시 정지`로 멈추면 `한 단계`로 국면을 하나씩 볼 수 있습니다.',
  finished: '{steps}단계 뒤에 점의 **{accuracy}**가 올바른 쪽에 있습니다.',
  curve: '단계에 따른 손실',
  compare: '옵티마이저 비교',
  comparison: '같은 신경망을 같은 가중치에서 네 옵티마이저로 학습시킨 손실(로그 눈금)',
  optimizer: '{name}, 학습률 {rate}',
  optimizers: { sgd: 'SGD', momentum: '모멘텀 SGD', rmsprop: 'RMSprop', adam: 'Adam' },
  began: '모두 손실 {losses}에서 시작했습니다. {steps}단계 뒤:',
  missing: '코드가 `{name}`을(를) 내보내야 합니다: `export const {name} = …`',
  diverged: '손실이 더는 유한한 수가 아닙니다. 학습률을 줄여 보세요',
  try: [
    '`한 단계`를 몇 번 눌러 가중치 하나를 따라가 보세요. 다른 점을 고르면 순방향은 달라지지만 그래디언트는 그대로입니다. 모든 점의 평균이기 때문입니다.',
    '코드에서 은닉층을 없애고 `dense(1)`만 남겨 보세요. 그러면 원에서는 아무것도 소용없습니다. 가진 것이 직선 하나뿐이기 때문입니다.',
    '`tanh`를 `sigmoid`로 바꿔 보세요(첫 줄에서도). 나선을 배우는 데 몇 단계가 더 걸릴까요?',
    '학습률을 1이나 0.0001로 해 보세요.',
    '학습하는 동안 선이 그래디언트를 나타내게 해 보세요. 손실이 줄수록 가늘어집니다.',
  ],
};
