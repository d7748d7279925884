// Loaded into every program that dev/run.mjs starts: when run.mjs is gone, even by SIGKILL, the program ends in order
// and takes with it whatever else is in the session that it leads.
if (process.channel) {
  process.on('disconnect', () => {
    process.once('exit', () => process.platform !== 'win32' && process.kill(-process.pid, 'SIGKILL'));
    process.kill(process.pid, 'SIGTERM');
  });
  // The IPC channel must not keep the program alive.
  process.channel.unref();
}
