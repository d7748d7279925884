import type { FileCheck } from '../../backends/job.ts';

/** A zip starts and, when complete, ends with these markers; PyTorch writes its states as zips. */
const ZIP_BEGIN = 'PK\u0003\u0004';
const ZIP_END = 'PK\u0005\u0006';
const ZIP_END_BYTES = 22;

/** Whether `optimizer.pt` is whole, by the markers at its ends. */
export function createOptimizerCheck(): FileCheck {
  let begin = Buffer.alloc(0);
  let end = Buffer.alloc(0);
  return {
    add(chunk) {
      if (begin.length < ZIP_BEGIN.length) begin = Buffer.concat([begin, chunk.subarray(0, ZIP_BEGIN.length)]);
      end = Buffer.concat([end, chunk.subarray(-ZIP_END_BYTES)]).subarray(-ZIP_END_BYTES);
    },
    fault() {
      const isWhole =
        begin.toString('latin1', 0, ZIP_BEGIN.length) === ZIP_BEGIN &&
        end.toString('latin1', 0, ZIP_END.length) === ZIP_END;
      return isWhole ? null : 'the optimizer state has no valid ending';
    },
  };
}
