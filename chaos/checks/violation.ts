/** Promises of Tempera that a run can break, one code each. */
export const VIOLATIONS = {
  NOT_ACCEPTED: 'a training was not accepted, or not played to its end',
  NOT_ENDED: 'a training has not ended in the time of the run',
  ROW_DISAGREES: 'the row and the workflow tell different ends',
  NOT_READY: 'a training that must end ready by the failure policy does not',
  ARTIFACT_LOST: 'a ready training whose file is not whole in the store',
  BYTES_DIFFER: 'what is at home is not what lay on the pod',
  NOT_PUBLISHED: 'a ready training that is not in all of its places',
  PUBLISHED_TWICE: 'more than one publication of one training',
  READY_TWICE: 'a training that has become ready other than once',
  ATTEMPT_WITHOUT_CAUSE: 'more attempts than faults and people explain',
  TRAINED_TWICE: 'more than one trainer was started in one attempt',
  DUPLICATE_PODS: 'two pods of one training lived at the same time',
  LEAKED_POD: 'a pod lived without an owner for longer than a sweep and its grace',
  NOT_IN_LEDGER: 'a pod that billed is not in the ledger',
  MONEY_DIFFERS: 'the ledger and the vendor’s bill differ',
  SAVE_FORGOTTEN: 'an attempt began behind the newest save at home',
  SAVE_LEFT: 'a pod was ended with a newer save than any at home, and nothing stood in the way',
  RESUME_UNTRUE: 'the record of a resume is not what the trainer did',
  TOO_LITTLE_STRUCK: 'so little of the plan was met that the run proves nothing',
} as const;

export type ViolationCode = keyof typeof VIOLATIONS;

export interface Violation {
  readonly code: ViolationCode;
  /** Undefined when it is not about one training. */
  readonly trainingId?: string | undefined;
  readonly message: string;
}
