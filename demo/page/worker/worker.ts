import { expose } from 'comlink';
import { type JobName, jobs } from '../jobs/jobs.ts';

// One worker for each section that computes: its name says which job it does. The page hears when it listens.

const name = self.name as JobName;
const { createJob } = await jobs[name]();
expose(createJob());
self.postMessage('ready');
