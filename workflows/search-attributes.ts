/**
 * Typed search attributes of a training: set by the API at the start and kept up to date by the workflow. Safe to
 * import anywhere.
 */
import { defineSearchAttributeKey } from '@temporalio/common';

export const loraStatus = defineSearchAttributeKey('LoraStatus', 'KEYWORD');
export const loraPhase = defineSearchAttributeKey('LoraPhase', 'KEYWORD');
export const loraOwner = defineSearchAttributeKey('LoraOwner', 'KEYWORD');
export const loraCharacter = defineSearchAttributeKey('LoraCharacter', 'KEYWORD');
export const loraBaseModel = defineSearchAttributeKey('LoraBaseModel', 'KEYWORD');
export const loraBackend = defineSearchAttributeKey('LoraBackend', 'KEYWORD');
export const loraGpu = defineSearchAttributeKey('LoraGpu', 'KEYWORD');
export const loraAttempt = defineSearchAttributeKey('LoraAttempt', 'INT');
export const loraCostUsd = defineSearchAttributeKey('LoraCostUsd', 'DOUBLE');
