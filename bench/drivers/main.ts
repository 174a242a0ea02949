import { Accept } from './accept.js';
import { Echo } from './echo.js';
import { FanOut } from './fan-out.js';
import type { Answer, Command, Job, JobSpec, Outcome } from './job.js';
import { Poll } from './poll.js';
import { Relay } from './relay.js';

/** A process that makes load, as it is told over IPC: one job at a time. */
let job: Job | undefined;

process.on('message', (command: Command) => {
  obey(command).then(
    (outcome) => answer({ ok: true, outcome }),
    (error: unknown) => answer({ ok: false, message: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function obey(command: Command): Promise<Outcome | undefined> {
  if (command.do === 'run') return job?.run(command.seconds);
  job = makeJob(command.spec);
  await job.prepare();
  return undefined;
}

function makeJob(spec: JobSpec): Job {
  switch (spec.job) {
    case 'relay':
      return new Relay(spec);
    case 'fan-out':
      return new FanOut(spec);
    case 'accept':
      return new Accept(spec);
    case 'echo':
      return new Echo(spec);
    case 'poll':
      return new Poll(spec);
  }
}

function answer(message: Answer): void {
  process.send?.(message);
}
