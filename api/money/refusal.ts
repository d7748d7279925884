import { formatUsd } from '../../core/money.ts';
import { limitSentence } from '../../core/spend-limit.ts';
import type { CeilingDecision } from '../../core/spend-limit.ts';
import { ApiError } from '../errors.ts';

/**
 * The answer to a training that may not start because of its price: 402 with the figures, 503 when no price is known.
 */
export function tooDear(decision: Exclude<CeilingDecision, { status: 'ceiling' }>): ApiError {
  switch (decision.status) {
    case 'over_limit': {
      const { figures } = decision;
      const details = figures.map(limitSentence);
      return new ApiError(402, 'LIMIT_EXCEEDED', 'This would exceed a spending limit.', { details, figures });
    }
    case 'too_low': {
      const { ceilingMicroUsd, expectedMicroUsd } = decision;
      const message = `Half of all such trainings cost more than ${formatUsd(expectedMicroUsd)}; maxCostUsd allows only ${formatUsd(ceilingMicroUsd)}.`;
      return new ApiError(402, 'BUDGET_EXCEEDED', message);
    }
    case 'no_price':
      return new ApiError(
        503,
        'PRICES_UNAVAILABLE',
        'A spending limit applies, and the vendor’s prices cannot be read at the moment. Set maxCostUsd, or try again.',
      );
  }
}
