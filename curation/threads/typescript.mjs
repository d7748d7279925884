// Loaded first in a thread when the sources run as they are: `--import tsx` does nothing outside the main thread.
import { register } from 'tsx/esm/api';

register();
