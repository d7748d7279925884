import type { Evidence } from '../evidence.ts';
import { podsOf } from './check-pods.ts';
import type { Violation } from './violation.ts';

/**
 * The account book against our ledger, pod by pod and to the micro-dollar, and the ledger against the trainings' own
 * sums.
 */
export function checkMoney({ trainings, book }: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const { id, ledger, costMicroUsd, money } of trainings) {
    const report = (code: 'NOT_IN_LEDGER' | 'MONEY_DIFFERS', message: string) =>
      found.push({ code, trainingId: id, message });
    for (const pod of podsOf(book, id)) {
      const row = ledger.find(({ externalId }) => externalId === pod.id);
      if (row === undefined) report('NOT_IN_LEDGER', `${pod.name} billed ${pod.costMicroUsd} micro-dollars`);
      else if (row.costMicroUsd !== pod.costMicroUsd || !row.costSettled)
        report(
          'MONEY_DIFFERS',
          `${pod.name}: ${row.costMicroUsd} in the ledger${row.costSettled ? '' : ', not settled'}; billed ${pod.costMicroUsd}`,
        );
    }
    for (const { name, externalId, costMicroUsd: cost } of ledger)
      if (externalId === null && cost !== 0) report('MONEY_DIFFERS', `${name} was never rented and costs ${cost}`);
    const sum = ledger.reduce((total, row) => total + row.costMicroUsd, 0);
    if (sum !== costMicroUsd) report('MONEY_DIFFERS', `the training says ${costMicroUsd}, its pods ${sum}`);
    if (sum !== money.settledMicroUsd)
      report('MONEY_DIFFERS', `the ledger of money says ${money.settledMicroUsd}, its pods ${sum}`);
    if (money.reservedMicroUsd !== 0) report('MONEY_DIFFERS', `${money.reservedMicroUsd} are still set aside`);
  }
  return found;
}
