import { type Device, openDevice, RandomStream, type Variable } from 'tensorloom';
import {
  type Cell,
  type TextGenerator,
  type TextNetwork,
  type TextTrainer,
  textGenerator,
  textNetwork,
  textTrainer,
} from '../../models/text.ts';
import { Interval, Pacer } from '../worker/pacer.ts';
import { Queue } from '../worker/queue.ts';
import { known, type PageBook, readBook } from './recurrentBook.ts';
import { type GateReader, type GateReading, gateReader } from './recurrentGates.ts';
import { type GradientSettings, gradientJob } from './recurrentGradients.ts';
import {
  findKept,
  fits,
  forget,
  type Kept,
  keep,
  noSteps,
  restore,
  type TextStanding,
} from './recurrentStore.ts';

export interface TextChoice {
  readonly cell: Cell;
  readonly hiddenSize: number;
}

export interface Writing {
  readonly prompt: string;
  readonly temperature: number;
}

export interface TextProgress {
  readonly step: number;
  readonly bits: number;
  readonly untrained: number;
  readonly charactersPerSecond: number;
}

export interface TextSample {
  /** After so many steps. */
  readonly step: number;
  readonly prompt: string;
  readonly text: string;
}

/** Texts side by side in a step, and characters of each: a software adapter makes several steps a second. */
const [batch, sequence] = [16, 32];
const sampleLength = 140;
const peak = 0.008;
/** Points of the curve that are kept at most. */
const curveLength = 240;

interface Session {
  readonly name: string;
  readonly device: Device;
  readonly network: TextNetwork;
  trainer: TextTrainer | null;
  generator: TextGenerator | null;
  gates: GateReader | null;
  /** What the training goes on from. */
  readonly kept: Kept | null;
  standing: TextStanding;
}

/** Trains networks of characters, lets them write, and looks at their gates and gradients. */
export function createJob() {
  const pacer = new Pacer();
  let book: Promise<PageBook> | null = null;
  let session: Session | null = null;
  let turn = 0;
  let writing: Writing = { prompt: '', temperature: 0.7 };

  // What the page asks for goes between two steps of the training, never into one.
  const queue = new Queue();
  const alone = <Result>(work: () => Promise<Result>) => queue.add(work);

  function opened(): Session {
    if (!session) throw new Error('no network is open yet');
    return session;
  }

  async function begin({ cell, hiddenSize }: TextChoice, anew: boolean): Promise<TextStanding> {
    turn++;
    book ??= readBook();
    const { alphabet } = await book;
    session?.device.dispose();
    session = null;
    const name = `${cell}-${hiddenSize}`;
    if (anew) await forget(name).catch(() => {});
    const device = await openDevice();
    const network = textNetwork({ cell, hiddenSize, layers: 1, alphabet }, 1);
    const found = await findKept(name);
    const kept = found && fits(found, network.variables) ? found : null;
    const standing = kept?.standing ?? noSteps;
    session = {
      name,
      device,
      network,
      trainer: null,
      generator: null,
      gates: null,
      kept,
      standing,
    };
    if (kept) restore(kept, device, network.variables);
    return standing;
  }

  async function prepare(at: Session): Promise<TextTrainer> {
    if (at.trainer) return at.trainer;
    const { characters } = await (book ?? readBook());
    const options = { batch, sequence, learningRate: peak, minutes: 0 };
    at.trainer = await textTrainer(at.device, at.network, characters, options);
    // Now that the optimizer's variables are there, too.
    if (at.kept) restore(at.kept, at.device, variablesOf(at));
    return at.trainer;
  }

  async function sample(at: Session): Promise<TextSample> {
    at.generator ??= await textGenerator(at.device, at.network);
    const { step } = at.standing;
    const prompt = known(writing.prompt, at.network.settings.alphabet) || '\n';
    let text = '';
    // Other random numbers each time, and the same ones in the same training.
    const random = new RandomStream(step + 1, 3);
    for await (const each of at.generator.generate(prompt, sampleLength, writing.temperature, random))
      text += each;
    return { step, prompt: prompt.trimStart(), text };
  }

  /** Whether it could be kept: a browser may have no room. The training does not depend on it. */
  const save = (at: Session) =>
    keep(at.name, at.device, variablesOf(at), at.standing).then(
      () => true,
      () => false,
    );

  return {
    /** Takes another network: as it was kept in this browser, or untrained. Ends the training of the one before. */
    open: (choice: TextChoice) => alone(() => begin(choice, false)),
    /** The same, and forgets what was kept of it. */
    reset: (choice: TextChoice) => alone(() => begin(choice, true)),
    /** How samples are written from now on. */
    setWriting(next: Writing) {
      writing = next;
    },
    /** Goes on until another network is opened. */
    async train(
      tell: (progress: TextProgress) => Promise<void> | void,
      wrote: (sample: TextSample) => Promise<void> | void,
    ): Promise<void> {
      const mine = ++turn;
      pacer.play();
      const at = opened();
      const trainer = await alone(() => prepare(at));
      if (mine === turn && at.standing.step === 0) await wrote(await alone(() => sample(at)));
      const keeping = new Interval(5000);
      let [stride, writeAt] = [1, performance.now() + 4000];
      let [since, from] = [performance.now(), at.standing.step];
      for (;;) {
        await pacer.turn();
        if (mine !== turn) return;
        const started = performance.now();
        await alone(async () => {
          if (mine !== turn) return;
          for (let left = stride; left > 0; left--) {
            const { step } = at.standing;
            const feeds = trainer.feeds(step, peak / Math.sqrt(1 + step / 500));
            if (left > 1) {
              await trainer.program.submit(feeds);
              at.standing = { ...at.standing, step: step + 1 };
            } else {
              const { loss } = await trainer.program.run(feeds);
              at.standing = advanced(at.standing, loss[0] / Math.LN2);
            }
          }
        });
        const { step, bits, untrained } = at.standing;
        if (mine !== turn || bits === null || untrained === null) return;
        const now = performance.now();
        // About ten readings a second, however fast the adapter is.
        stride = Math.min(50, Math.max(1, Math.round((100 * stride) / (now - started))));
        const charactersPerSecond = ((step - from) * batch * sequence * 1000) / (now - since);
        await tell({ step, bits, untrained, charactersPerSecond });
        if (now > writeAt) {
          await wrote(await alone(() => sample(at)));
          // Writing takes a fifth of the time at most.
          const ended = performance.now();
          writeAt = ended + Math.max(4000, 4 * (ended - now));
        }
        if (keeping.isDue) await alone(() => save(at));
        if (now - since > 3000) [since, from] = [performance.now(), step];
      }
    },
    /** Pauses, and keeps in this browser what was learned. Gives where the training stands, and whether that is kept. */
    pause(): Promise<{ standing: TextStanding; kept: boolean }> {
      pacer.pause();
      const at = opened();
      return alone(async () => {
        const kept = at.trainer !== null && at.standing.step > 0 && (await save(at));
        return { standing: at.standing, kept };
      });
    },
    resume: () => pacer.play(),
    /** Lets the network write at once. */
    write: () => alone(() => sample(opened())),
    /** What goes on in the cell while it reads a text. */
    gates: (text: string): Promise<GateReading> =>
      alone(async () => {
        const at = opened();
        at.gates ??= await gateReader(at.device, at.network);
        return at.gates.read(text);
      }),
    gradients: gradientJob() satisfies (settings: GradientSettings) => Promise<unknown>,
  };
}

/** All that the next step depends on: parameters, what Adam remembers, the states of the streams, the number of the step. */
function variablesOf({ network, trainer }: Session): Variable[] {
  const updated = trainer?.program.options.updates?.map(([variable]) => variable) ?? [];
  return [...new Set([...network.variables, ...updated, network.graph.step])];
}

/** After one more step, in whose batch a character took `now` bits. */
function advanced({ step, bits, untrained, steps, curve }: TextStanding, now: number): TextStanding {
  const smooth = bits === null ? now : bits + (now - bits) / Math.min(10, curve.length + 1);
  const full = curve.length >= curveLength;
  const thin = <Value>(values: readonly Value[]) => values.filter((_, i) => !full || i % 2 === 0);
  return {
    step: step + 1,
    bits: smooth,
    untrained: untrained ?? now,
    steps: [...thin(steps), step + 1],
    curve: [...thin(curve), smooth],
  };
}
