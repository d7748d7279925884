// Imported first by dev/run.mjs, before anything that an older Node could not run.
const OLDEST = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `tempera: Tempera needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org\n`,
  );
  process.exit(1);
}
