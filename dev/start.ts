/** `npm start`: the local stack alone, until Ctrl-C. */
import { untilSignal } from '../cli/signals.ts';
import { checkEnvironment } from './environment.ts';
import { cloudOf, defaultHome } from './home.ts';
import { runpodAnswer } from './runpod-answer.ts';
import { startStack } from './stack.ts';
import { say } from './terminal.ts';

const stopped = untilSignal();
const stack = await start().catch((error: unknown) => {
  say((error as Error).message);
  process.exit(1);
});
say('');
say(`API            ${stack.apiUrl}   (docs: ${stack.apiUrl}/docs)`);
say(`API key        ${stack.apiKeyFile}`);
say(`Temporal UI    ${stack.temporal.uiUrl}`);
say(
  stack.emulatorUrl === null
    ? 'Cloud          RunPod: pods are real and cost money'
    : `Cloud          emulated: ${stack.emulatorUrl}`,
);
say(`Logs           ${stack.logs}`);
say('Ctrl-C stops everything.');
const broken = await Promise.race([stack.broken, stopped.then(() => null)]);
if (broken !== null) say(broken);
say('stopping ...');
await stack.stop();
process.exitCode = broken === null ? 0 : 1;

async function start() {
  const cloud = cloudOf();
  if (cloud === 'runpod') {
    // Before anything is started: whoever typed a wrong key should not wait for the rest.
    const { apiKey = '', apiUrl } = checkEnvironment(defaultHome(cloud)).runpod;
    say(await runpodAnswer({ apiKey, apiUrl }));
  }
  return await startStack({ log: say });
}
