import type { Text } from '../language.ts';

export const common: Text['common'] = {
  title: '신경망이 배우는 모습을 보기',
  lead: '신경망에 관한 여덟 가지 작은 실험입니다. 모두 이 페이지에서 tensorloom으로 여러분의 GPU에서 실행되며, 어디로도 전송되지 않습니다.',
  contents: '차례',
  skip: '실험으로 건너뛰기',
  theme: '밝게 또는 어둡게',
  language: '언어',
  licences: '이 페이지에 쓰인 것들의 라이선스',
  train: '학습 시작',
  pause: '일시 정지',
  resume: '계속',
  step: '한 단계',
  reset: '초기화',
  code: '코드',
  editableCode: '코드: 고친 뒤 다시 학습해 보세요',
  tryThis: '해 보기',
  stepAxis: '단계',
  steps: '단계 수',
  loss: '손실',
  accuracy: '정확도',
  learningRate: '학습률',
  preparing: '커널을 컴파일하는 중…',
  failed: '실패했습니다: {reason}',
  noWebGpu:
    '**이 브라우저는 WebGPU를 제공하지 않습니다.** 그래서 실험은 tensorloom의 CPU 참조 구현으로 실행됩니다. 1~4절은 느리지만 동작하고, 나머지는 GPU가 필요합니다. WebGPU는 Chrome과 Edge 113, Safari 26, Windows용 Firefox 141, 애플 실리콘 Mac용 Firefox 145부터 쓸 수 있습니다.',
  needsWebGpu: '이 실험에는 WebGPU가 필요하지만 이 브라우저는 제공하지 않습니다.',
};
