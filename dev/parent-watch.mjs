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
// A program that has nothing left to do ends here, not by running out of work: Node 20.20 then closes its handles in a
// loop that has been seen to spin for ever when a child of tsx ended at that very moment (uv_run in CleanupHandles,
// 2026-11-26).
process.once('beforeExit', () => process.exit());
