// Texts of the real trainer and of the libraries below it, as found in its sources and in issue threads of
// ostris/ai-toolkit.

/** An exception inside the trainer: it writes `error` and the text into the row and exits with 1. */
export class TrainerError extends Error {}

/** The trainer obeyed a flag of the row and exits with 1. */
export class TrainerStopped extends Error {}

/** SIGINT to the trainer: a stop, not an error. */
export class Interrupted extends Error {}

export const texts = {
  oomInStep: 'OOM during training step 3 times in a row, aborting training',
  oomWhileLoading:
    'CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.53 GiB of which 1.21 GiB is free.',
  dbLock: 'database is locked',
};

export function gatedText(model: string, hasToken: boolean): string {
  const what = hasToken
    ? `403 Client Error. (Request ID: Root=1-emulated)\n\nCannot access gated repo for url https://huggingface.co/${model}/resolve/main/model_index.json.\nAccess to model ${model} is restricted and you are not in the authorized list. Visit https://huggingface.co/${model} to ask for access.`
    : `401 Client Error. (Request ID: Root=1-emulated)\n\nCannot access gated repo for url https://huggingface.co/${model}/resolve/main/model_index.json.\nAccess to model ${model} is restricted. You must have access to it and be authenticated to access it. Please log in.`;
  return `You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/${model}.\n${what}`;
}
