// Runs one program and makes sure that it does not outlive the process that started it: our standard input is a pipe
// from the parent, and it closes when the parent ends, even by SIGKILL. Plain JavaScript, no dependencies, argument is
// JSON: { command, args, stopSignal, graceMs, uid?, gid?, umask? }. Ends with the program's exit code.
import { spawn } from 'node:child_process';

const { command, args, stopSignal, graceMs, uid, gid, umask } = JSON.parse(process.argv[2]);
if (umask !== undefined) process.umask(umask);
const child = spawn(command, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  ...(uid === undefined ? {} : { uid, gid }),
});

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  child.kill(stopSignal);
  setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
}

// Each line that the parent writes is a signal for the program; chaos tests use it.
let received = '';
process.stdin.on('data', (chunk) => {
  received += chunk;
  for (let end = received.indexOf('\n'); end !== -1; end = received.indexOf('\n')) {
    child.kill(received.slice(0, end));
    received = received.slice(end + 1);
  }
});
process.stdin.on('end', stop).on('error', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
// Our output pipes may be gone together with the parent.
process.stdout.on('error', stop);
process.stderr.on('error', stop);

child.on('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === stopSignal && stopping ? 0 : 1)));
