import { formatUsd } from '../../core/money.ts';
import { limitSentence } from '../../core/spend-limit.ts';
import type { CeilingDecision } from '../../core/spend-limit.ts';
import { ApiError } from '../errors.ts';

/** The answer to a training that may not start for its price: 402 with the figures, 503 when no price is known. */
export function tooDear(decision: Exclude<CeilingDecision, { status: 'ceiling' }>): ApiError {
  switch (decision.status) {
    case 'over_limit': {
      const { figures } = decision;
      const details = figures.map(limitSentence);
      return new ApiError(402, 'LIMIT_EXCEEDED', 'This would exceed a limit on spending.', { details, figures });
    }
    case 'too_low': {
      const { ceilingMicroUsd, expectedMicroUsd } = decision;
      const message = `Half of such trainings cost more than ${formatUsd(expectedMicroUsd)}; maxCostUsd allows ${formatUsd(ceilingMicroUsd)}.`;
      return new ApiError(402, 'BUDGET_EXCEEDED', message);
    }
    case 'no_price':
      return new ApiError(
        503,
        'PRICES_UNAVAILABLE',
        'A limit on spending needs a price, and the vendor’s prices cannot be read now. Name maxCostUsd, or try again.',
      );
  }
}
