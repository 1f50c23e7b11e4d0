import { type Place, suggestions, workbench } from '../section.ts';
import snippet from '../snippets/gpu.ts?text';
import { code } from '../ui/code.ts';
import { startJob } from '../worker/client.ts';
import { adapterPart } from './gpuAdapter.ts';
import { costsPart } from './gpuCosts.ts';
import { profilePart } from './gpuProfile.ts';
import { verifyPart } from './gpuVerify.ts';

export async function mount({ body, text, common, language }: Place<'gpu'>): Promise<void> {
  const job = await startJob('gpu');
  const adapter = adapterPart(text, common, job, language);
  const costs = costsPart(text, common, job, language);
  workbench(
    body,
    [adapter.element, verifyPart(text, common, job)],
    [code(common.code, snippet).element, suggestions(common, text.try)],
  );
  body.append(profilePart(text, common, job, language), costs.element);
  await adapter.show();
  await costs.show();
}
