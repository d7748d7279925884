import { Prisma } from '../generated/client.ts';

/** Whether a write was refused because a row of `model` with the same unique values exists. */
export function isUniqueViolation(error: unknown, model: string): boolean {
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    error.code === 'P2002' &&
    error.meta?.['modelName'] === model
  );
}
