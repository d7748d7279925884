// Runs after `npm ci` and `npm install`: notes what was installed, so that dev/run.mjs does not do it again.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependencyHash } from './setup.mjs';

if (existsSync('node_modules')) writeFileSync(join('node_modules', '.tempera-lock'), dependencyHash());
