import type { Text } from '../language.ts';

export const convolution: Text['sections']['convolution'] = {
  short: '합성곱',
  title: '작은 창 하나를 그림 위로 옮긴다',
  intro: [
    '합성곱은 작은 창으로 그림을 봅니다. 창이 놓인 자리마다 보이는 값에 **커널**의 수를 곱해 모두 더하면 출력의 수 하나가 됩니다. 어디서나 같은 몇 개의 가중치를 쓰므로, 한 구석에서 배운 것을 모든 곳에서 압니다.',
    '출력 위로 포인터를 옮기거나 출력에서 화살표 키를 눌러 각 수가 어디서 오는지 보세요. 그림의 칸을 누르면 값이 바뀝니다. 채운 칸은 1, 빈칸은 0입니다.',
  ],
  picture: '그림',
  pictures: {
    cross: '엑스자',
    edge: '경계',
    digit: '숫자, 14 × 14',
    colours: '세 채널',
    empty: '빈 그림',
  },
  another: '다른 숫자',
  preset: '커널',
  presets: {
    identity: '항등',
    blur: '흐리게',
    sharpen: '선명하게',
    edges: '모든 경계',
    sobelX: '소벨 x',
    sobelY: '소벨 y',
    own: '직접 입력',
  },
  size: '크기',
  stride: '스트라이드',
  padding: '패딩',
  dilation: '팽창',
  channels: ['빨강', '초록', '파랑'],
  input: '입력',
  kernel: '커널',
  weightAt: '커널 {row}행 {column}열 {channel}',
  output: '출력',
  animate: '창 움직이기',
  stop: '멈추기',
  formula:
    '출력의 크기: ⌊({side} + 2·{padding} − {dilation}·({size} − 1) − 1) / {stride}⌋ + 1 = {out}, 곧 {out} × {out}',
  sumAt: '{row}행 {column}열: ',
  numbers: '숫자로 보기',
  matrixTitle: '하나의 행렬 곱으로 나타내기',
  matrixIntro:
    '모든 창을 행렬의 행으로, 커널을 열로 적으면 합성곱은 GPU가 빠르게 계산하는 행렬 곱이 됩니다(im2col). 테두리를 두른 행이 위에서 고른 창입니다.',
  matrices: { patches: '모든 창의 행렬', kernel: '열로 적은 커널', output: '열로 적은 출력' },
  product:
    '여기서는 수 {length}개로 된 창이 {rows}개입니다. 이 기기에서 두 방법으로 계산한 결과의 차이는 최대 {difference}입니다.',
  poolTitle: '최대 풀링',
  poolIntro:
    '2 × 2칸마다 가장 큰 값만 다음으로 갑니다. 그래서 그림은 절반으로 줄고 작은 이동은 문제가 되지 않습니다. 되돌아올 때 그래디언트는 이긴 칸으로만 갑니다. 다른 칸은 결과를 바꾸지 않았기 때문입니다.',
  poolInput: '합성곱의 출력. 고리는 이긴 칸을 나타냅니다',
  pooled: '풀링 결과',
  gradient: '풀링 결과의 합에 대한 그래디언트',
  poolSum: 'max({list}) = {value}이고, 그래디언트는 {row}행 {column}열로 갑니다.',
  poolNone: '출력이 2 × 2 창 하나보다 작습니다.',
  featuresTitle: '학습으로 얻은 커널',
  featuresIntro:
    '숫자를 읽는 신경망의 커널은 누가 적어 준 것이 아닙니다. 무작위 값에서 시작해 그래디언트가 만들었습니다. 커널마다 찾는 것이 있고, 특징 맵은 그것이 어디에 있는지 보여 줍니다. 파란색은 0보다 크고 주황색은 작습니다.',
  featuresTrained:
    '이 브라우저에 저장된 다음 절의 신경망입니다. {steps}단계를 학습했고, 남겨 둔 숫자의 정확도는 {accuracy}입니다.',
  featuresUntrained:
    '아직 학습한 것이 없어 이 커널들은 무작위입니다. 다음 절에서 숫자를 학습시킨 뒤 다시 와 보세요.',
  digit: '남겨 둔 숫자',
  filters: '첫째 합성곱의 커널, 각각 5 × 5',
  maps: '각 커널이 숫자에서 찾은 것',
  try: [
    '경계 그림에 소벨 x를 써 보세요. 경계에 놓인 창만 반응합니다. 그다음 소벨 y를 써 보세요.',
    '패딩을 1로 하면 출력이 그림만큼 커집니다. 가장자리는 왜 달라 보입니까?',
    '스트라이드 2는 출력을 절반으로 줄이고, 팽창 2는 가중치를 늘리지 않고 창을 넓힙니다.',
    '세 채널에서는 커널에 채널마다 한 장씩이 있고, 모든 곱을 더해 수 하나가 됩니다.',
    '커널을 직접 적어 보세요. 신경망이 배우는 것은 바로 이 수들입니다.',
  ],
};
