/** `npm start`: the local stack alone, until Ctrl-C. */
import { startStack } from './stack.ts';
import { untilSignal } from './signals.ts';
import { say } from './terminal.ts';

const stopped = untilSignal();
const stack = await startStack({ log: say }).catch((error: unknown) => {
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
